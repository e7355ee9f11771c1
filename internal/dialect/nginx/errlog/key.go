package errlog

import "github.com/goodgatehq/goodgate/internal/dialect"

// Keys of the error log: positions in errorConds.
const (
	// Connecting.
	keyRefused dialect.Key = iota + 2
	keyRefusedLoopback6
	keyRefusedUnix
	keySocketMissing
	keyDeniedUnix
	keyDeniedTCP
	keyNotPermitted
	keyQueueFull
	keyResetConnect
	keyResetUnix
	keyNoRoute
	keyUnreachable
	keyUnreachable6
	keyKernelTimeout
	keyConnectTimeout
	keyNoLocalPort
	keyConnectFailed
	// Things of the gateway's own that fail before the upstream is reached.
	keyBindSource
	keyBindSourceInUse
	keyNoFiles
	keyNoFamily
	keySocketFailed
	keyNoConnections
	keyNoConnectionsAccept
	keyReusingConnections
	keyAcceptNoFiles
	keyOpenNoFiles
	keyNoMemory
	keyForkFailed
	// Balancing.
	keyNoLive
	keyDisabled
	// Names.
	keyNoResolver
	keyResolverServfail
	keyNameMissing
	keyResolverRefused
	keyResolverFormat
	keyResolverTimeout
	keyResolverOther
	keyResolverSend
	keyReresolve
	keyReresolveMissing
	keyStartNameMissing
	// Configuration and start.
	keyConfigRejected
	keyCannotBind
	keyStartFailed
	keyBadTarget
	keyNoPort
	keyBadPort
	// TLS.
	keyTLSTimeout
	keyTLSWrongVersion
	keyTLSLength
	keyTLSAlertHandshake
	keyTLSAlertName
	keyTLSAlertVersion
	keyTLSAlertInternal
	keyTLSAlertWantsCertificate
	keyTLSAlertRejects
	keyTLSAlert
	keyTLSUnsupported
	keyTLSWeak
	keyTLSEOF
	keyTLSClosed
	keyTLSFailed
	keyTLSPlain
	keyCertExpired
	keyCertSelfSigned
	keyCertIssuer
	keyCertNotYet
	keyCertName
	keyCertOther
	keyCertMismatch
	// Sending the request.
	keyWriteTimeout
	keyBrokenPipe
	keyResetSending
	keyTLSWriteFailed
	// Waiting for the header.
	keyReadTimeout
	keyTimeoutSomewhere
	keyClosedEarly
	keyResetEarly
	keyTLSReadHeader
	keyKernelReadTimeout
	keyLostRoute
	keyRefusedLate
	keyHeaderTooBig
	keyNotHTTP
	keyInvalidHeader
	keyInvalidHeader2
	keyInvalidStatus
	keyLengthAndCoding
	keyDuplicateHeader
	keyDuplicateIgnored
	keyInvalidLength
	keyUnknownCoding
	keyEarlyHints10
	keyInvalidResponse
	// FastCGI.
	keyFCGIClosedHeader
	keyFCGIClosedBody
	keyFCGIRequestClosed
	keyFCGIUnexpected
	keyFCGIVersion
	keyFCGIType
	keyScriptUnknown
	keyAppFatal
	keyAppOutput
	// HTTP/2 upstreams: gRPC and, since 1.29.4, proxy_http_version 2.
	keyH2SpeaksHTTP1
	keyH2FrameTooLarge
	keyH2Rejected
	keyH2Goaway
	keyH2NoStatus
	keyH2Closed
	keyH2Index
	keyH2ClosedStream
	keyH2UnknownStream
	keyH2UnexpectedFrame
	keyH2Truncated
	keyH2HeaderTooLarge
	keyH2Invalid
	// The body.
	keyBodyTimeout
	keyUpgradeTimeout
	keyBodyClosed
	keyBodyReset
	keyTLSReadBody
	keyInvalidChunk
	keyMoreThanLength
	keyResponseBuffered
	keyRequestBuffered
	keyDiskFullResponse
	keyDiskFullRequest
	keyTempDeniedResponse
	keyTempDeniedRequest
	// What the gateway decides by itself.
	keyRedirectCycle
	keyAuthStatus
	keyLimitRequests
	keyLimitConnections
	keyLimitDryRun
	keyClientGone
	keyBodyTooLarge
	keyProxyHeaderBroken
	// The gateway's processes.
	keyWorkerDied
	keyWorkerFatal
	keyReload
	keyStart
	keyStartWorker
	keyDraining
	keyWorkerExit
	keyStopping
	keyReopen
	// Streams: what the client gets is no HTTP status.
	keyStreamRefused
	keyStreamTimeout
	keyStreamNoLive
	keyStreamFailed

	// What one key said before releases of goodgate told it apart.
	keyReadDenied
	keyLookDenied
	keyH2WantsHTTP1
	keyH2Reset
	keyLuaFailed

	errorKeys // how many
)
