SELECT ';', "a;b", `c;d`; -- x
# y
/* z; */ INSERT INTO a VALUES ('it''s \';')