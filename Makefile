# goodgate. `make demo` shows what it does, `make test` runs everything.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.PHONY: demo test quick build lint bench man

demo: build ## break a small site on loopback, and diagnose it; needs nothing else
	@bin/goodgate lab demo

test: ## every test; installs what they need, skips nothing
	scripts/install-peers
	GOODGATE_TEST_ALL=1 $(GO) test -p 1 -timeout 60m ./...

quick: ## the tests that need nothing installed
	$(GO) test ./...

build: ## bin/goodgate, one static binary
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/goodgate ./cmd/goodgate

lint: ## what must be clean before a commit
	$(GO) vet ./...
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'make lint: run gofmt -w on these' >&2; exit 1; }

bench: ## speeds, beside those of peers where these are installed
	$(GO) test -run '^$$' -bench . ./internal/scan/... ./internal/dialect/...

man: build ## the manual pages, in bin/man
	bin/goodgate man --dir bin/man
