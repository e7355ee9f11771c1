package probe

// Sized returns the products whose own page of a status has size bytes as it comes
// by default: where nothing but an access log is left of an answer, its size is all
// that speaks. Several products can write pages of one size, and so can any
// application; error_page, errorfile and ErrorDocument change all of these.
func Sized(status int, size int64) []string {
	title, ok := nginxTitles[status]
	if !ok {
		return nil
	}
	// nginx src/http/ngx_http_special_response.c: head, title twice, tail, and the
	// name with or without its version. Balancers built on nginx leave the name out.
	page := int64(len("<html>\r\n<head><title></title></head>\r\n<body>\r\n<center><h1></h1></center>\r\n</body>\r\n</html>\r\n") + 2*len(title))
	name := page + int64(len("<hr><center>nginx</center>\r\n"))
	var all []string
	switch {
	case size == name || size >= name+int64(len("/1.9.9")) && size <= name+int64(len("/1.22.10")):
		all = append(all, "nginx")
	case size == page:
		all = append(all, "aws-alb")
	}
	if own, ok := haproxySizes[status]; ok && size == own {
		all = append(all, "haproxy")
	}
	if words, ok := goTitles[status]; ok && size == int64(len(words)) {
		all = append(all, "traefik")
	}
	return all
}

// nginxTitles are the titles of nginx's pages.
var nginxTitles = map[int]string{
	500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out",
}

// goTitles are the whole bodies that Go's net/http.StatusText gives (Traefik
// pkg/proxy/httputil).
var goTitles = map[int]string{500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}

// haproxySizes are the bodies of src/http.c, http_err_msgs.
var haproxySizes = map[int]int64{500: 97, 502: 107, 503: 107, 504: 92}
