-- SPDX-License-Identifier: MIT
DROP TABLE item;
