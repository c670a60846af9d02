"""Behind NGINX: client certificates, the proxy's secret, client addresses, production checks."""
