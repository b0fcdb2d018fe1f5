"""Shrinking and growing feature maps: convolution and its transpose, pooling and unpooling, interpolation.

All of them but max pooling are linear: each is a sparse matrix, and a fast function that gives the same.
"""

from segedu.upsampling.convolution import conv2d, conv_transpose2d
from segedu.upsampling.fields import Layer, ReceptiveField, receptive_field
from segedu.upsampling.interpolation import (
    bilinear_kernel,
    bilinear_matrix,
    nearest_matrix,
    resize_bilinear,
    resize_nearest,
)
from segedu.upsampling.matrix import MAX_ENTRIES, col2im_matrix, convolution_matrix
from segedu.upsampling.overlap import overlap_count
from segedu.upsampling.pooling import average_pool2d, max_pool2d, max_unpool2d
from segedu.upsampling.sizes import conv_input_sizes, conv_output_shape, conv_transpose_output_shape
from segedu.upsampling.zeros import zero_insertion

__all__ = [
    "MAX_ENTRIES",
    "Layer",
    "ReceptiveField",
    "average_pool2d",
    "bilinear_kernel",
    "bilinear_matrix",
    "col2im_matrix",
    "conv2d",
    "conv_input_sizes",
    "conv_output_shape",
    "conv_transpose2d",
    "conv_transpose_output_shape",
    "convolution_matrix",
    "max_pool2d",
    "max_unpool2d",
    "nearest_matrix",
    "overlap_count",
    "receptive_field",
    "resize_bilinear",
    "resize_nearest",
    "zero_insertion",
]
