"""Binary masks: how much they overlap, and the forms in which data sets store them."""

from segedu.masks.rle import MAX_PIXELS, RLE, rle_area, rle_decode, rle_encode

__all__ = ["MAX_PIXELS", "RLE", "rle_area", "rle_decode", "rle_encode"]
