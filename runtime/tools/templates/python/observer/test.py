import effect

assert effect.brightness(bytes([0, 100, 201])) == 100
assert effect.brightness(bytes([255])) == 255
print("ok")
