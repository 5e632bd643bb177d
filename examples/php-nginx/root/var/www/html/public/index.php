<?php
file_put_contents('php://stderr', "index.php: {$_SERVER['REQUEST_METHOD']} {$_SERVER['REQUEST_URI']}\n");
header('Content-Type: text/plain');
printf("Hello from PHP %d through nginx, as %s.\n", PHP_MAJOR_VERSION, posix_getpwuid(posix_geteuid())['name']);
