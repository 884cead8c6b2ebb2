# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/body.c \
	src/contract/contract.c src/contract/contract.h \
	src/contract/contract-compile.c \
	src/contract/contract-content.c \
	src/contract/contract-private.h \
	src/contract/contract-reply.c \
	src/contract/fault.c src/contract/fault.h \
	src/contract/media.c src/contract/media.h \
	src/contract/security.c \
	src/contract/security-compile.c
