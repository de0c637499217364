#!/bin/sh
# SPDX-License-Identifier: MIT
# Every input of the corpus through every target.
exec "${top_builddir:?}/t/fuzz/corpus-runner" "${top_srcdir:?}/t/fuzz/corpus"
