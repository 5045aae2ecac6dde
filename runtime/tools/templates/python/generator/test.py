import effect

still, moved = effect.draw(0), effect.draw(1)
row = 3 * effect.WIDTH
assert len(still) == row * effect.HEIGHT
assert still[:6] == bytes([0, 170, 170, 2, 172, 168]), list(still[:6])
# Moved by one pixel, each row equals the one below it before.
assert moved[:-row] == still[row:]
print("ok")
