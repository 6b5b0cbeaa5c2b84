"""trackio reads its folder from the environment once, at its first import: one for each process."""

import atexit
import os
import shutil
import tempfile

os.environ["TRACKIO_DIR"] = _folder = tempfile.mkdtemp(prefix="passo-trackio-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
