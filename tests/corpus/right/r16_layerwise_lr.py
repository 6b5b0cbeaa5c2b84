import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.optim.lr_scheduler import CosineAnnealingLR


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64, 48), nn.Linear(48, 32), nn.Linear(32, 24)])
        self.head = nn.Linear(24, 10)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


def layerwise_groups(model, base_lr, decay, weight_decay):
    groups = [{"params": model.head.parameters(), "lr": base_lr}]
    for depth, layer in enumerate(reversed(model.layers), start=1):
        lr = base_lr * decay ** depth
        groups.append({"params": [layer.weight], "lr": lr, "weight_decay": weight_decay})
        groups.append({"params": [layer.bias], "lr": lr, "weight_decay": 0.0})
    return groups


def main(epochs=12, batch_size=64):
    torch.manual_seed(33)
    d = load_digits()
    X, y = torch.tensor(d.data / 16, dtype=torch.float32), torch.tensor(d.target)
    model = Classifier()
    optimizer = torch.optim.AdamW(layerwise_groups(model, 5e-3, 0.75, 0.05))
    steps = epochs * -(-len(X) // batch_size)
    scheduler = CosineAnnealingLR(optimizer, T_max=steps)
    for epoch in range(epochs):
        correct = 0
        for idx in torch.randperm(len(X)).split(batch_size):
            out = model(X[idx])
            loss = nn.functional.cross_entropy(out, y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            correct += (out.argmax(1) == y[idx]).sum().item()
        print(f"epoch {epoch + 1}: acc {correct / len(X):.3f} head lr {scheduler.get_last_lr()[0]:.2e} stem lr {scheduler.get_last_lr()[-1]:.2e}")


if __name__ == "__main__":
    main()
