import torch

torch.manual_seed(0)
x = torch.linspace(-3.14, 3.14, 500)
y = torch.sin(x)
xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))

model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
loss_fn = torch.nn.MSELoss(reduction="mean")

learning_rate = 1e-2
optimizer = torch.optim.RMSprop(model.parameters(), lr=learning_rate)

for t in range(600):
    y_pred = model(xx)
    loss = loss_fn(y_pred, y)
    if t % 100 == 99:
        print(t, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

linear = model[0]
print(
    f"Result: y = {linear.bias.item():.3f} + {linear.weight[0, 0].item():.3f} x"
    f" + {linear.weight[0, 1].item():.3f} x^2 + {linear.weight[0, 2].item():.3f} x^3"
)
