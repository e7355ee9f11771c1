package vocab

// Symptom says what the gateway saw: one of the proxy error types that RFC 9209
// section 2.3 registers, spelled as registered. The empty Symptom means that the
// gateway saw nothing wrong and passed on a status which the application made.
type Symptom string

// The proxy error types of RFC 9209 section 2.3.
const (
	DNSTimeout              Symptom = "dns_timeout"
	DNSError                Symptom = "dns_error"
	DestinationNotFound     Symptom = "destination_not_found"
	DestinationUnavailable  Symptom = "destination_unavailable"
	DestinationIPProhibited Symptom = "destination_ip_prohibited"
	DestinationIPUnroutable Symptom = "destination_ip_unroutable"
	ConnectionRefused       Symptom = "connection_refused"
	ConnectionTerminated    Symptom = "connection_terminated"
	ConnectionTimeout       Symptom = "connection_timeout"
	ConnectionReadTimeout   Symptom = "connection_read_timeout"
	ConnectionWriteTimeout  Symptom = "connection_write_timeout"
	ConnectionLimitReached  Symptom = "connection_limit_reached"
	TLSProtocolError        Symptom = "tls_protocol_error"
	TLSCertificateError     Symptom = "tls_certificate_error"
	TLSAlertReceived        Symptom = "tls_alert_received"
	HTTPRequestError        Symptom = "http_request_error"
	HTTPRequestDenied       Symptom = "http_request_denied"
	HTTPResponseIncomplete  Symptom = "http_response_incomplete"
	HTTPHeaderSectionSize   Symptom = "http_response_header_section_size"
	HTTPHeaderSize          Symptom = "http_response_header_size"
	HTTPBodySize            Symptom = "http_response_body_size"
	HTTPTrailerSectionSize  Symptom = "http_response_trailer_section_size"
	HTTPTrailerSize         Symptom = "http_response_trailer_size"
	HTTPTransferCoding      Symptom = "http_response_transfer_coding"
	HTTPContentCoding       Symptom = "http_response_content_coding"
	HTTPResponseTimeout     Symptom = "http_response_timeout"
	HTTPUpgradeFailed       Symptom = "http_upgrade_failed"
	HTTPProtocolError       Symptom = "http_protocol_error"
	ProxyInternalResponse   Symptom = "proxy_internal_response"
	ProxyInternalError      Symptom = "proxy_internal_error"
	ProxyConfigurationError Symptom = "proxy_configuration_error"
	ProxyLoopDetected       Symptom = "proxy_loop_detected"
)

// Symptoms is every symptom with one sentence on what it means, in the order of
// the registry.
var Symptoms = []struct {
	ID      Symptom
	Meaning string
}{
	{DNSTimeout, "the gateway asked for the upstream's address and no name server answered in time"},
	{DNSError, "the gateway asked for the upstream's address and got an error, or no address"},
	{DestinationNotFound, "the gateway knows no upstream for this request"},
	{DestinationUnavailable, "the gateway holds every upstream to be out of service and asked none"},
	{DestinationIPProhibited, "the gateway may not connect to the upstream's address"},
	{DestinationIPUnroutable, "the gateway found no way to the upstream's address"},
	{ConnectionRefused, "the upstream's host answered that nothing listens there"},
	{ConnectionTerminated, "the upstream closed or reset the connection before its answer began"},
	{ConnectionTimeout, "the connection to the upstream was not accepted in time"},
	{ConnectionReadTimeout, "the upstream was connected and sent nothing for as long as the gateway waits"},
	{ConnectionWriteTimeout, "the upstream did not take the request in time"},
	{ConnectionLimitReached, "a limit on connections was reached"},
	{TLSProtocolError, "the TLS handshake with the upstream failed"},
	{TLSCertificateError, "the upstream's certificate did not verify"},
	{TLSAlertReceived, "the upstream refused the TLS handshake with an alert"},
	{HTTPRequestError, "the client's request is not valid HTTP, or over a limit"},
	{HTTPRequestDenied, "the gateway refused the request by its own rules"},
	{HTTPResponseIncomplete, "the upstream's answer broke off before its end"},
	{HTTPHeaderSectionSize, "the upstream's response header is larger than the gateway's buffer"},
	{HTTPHeaderSize, "one header line of the upstream's response is too large"},
	{HTTPBodySize, "the upstream's response body is too large"},
	{HTTPTrailerSectionSize, "the upstream's trailer section is too large"},
	{HTTPTrailerSize, "one trailer line of the upstream's response is too large"},
	{HTTPTransferCoding, "the upstream's transfer coding cannot be read"},
	{HTTPContentCoding, "the upstream's content coding cannot be read"},
	{HTTPResponseTimeout, "the upstream did not complete its answer in time"},
	{HTTPUpgradeFailed, "the upgrade to another protocol failed"},
	{HTTPProtocolError, "the upstream's answer is not valid HTTP"},
	{ProxyInternalResponse, "the gateway made the answer itself, without asking the upstream"},
	{ProxyInternalError, "the gateway failed by itself before it reached the upstream"},
	{ProxyConfigurationError, "the gateway's configuration does not allow it to forward the request"},
	{ProxyLoopDetected, "the gateway forwards to itself"},
}
