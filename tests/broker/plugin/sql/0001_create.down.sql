-- SPDX-License-Identifier: MIT
DROP TABLE note;
