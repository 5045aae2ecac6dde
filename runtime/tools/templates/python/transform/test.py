import effect

luma = bytes([16, 99, 100, 235])
assert effect.solarize(luma, 100) == bytes([16, 99, 151, 16])
assert effect.share(luma, 100) == 50
print("ok")
