package front

import (
	"net"
	"strconv"
	"sync"
)

// bounded is a listener with at most so many connections open.
type bounded struct {
	net.Listener
	room chan struct{}
}

// Accept waits for room: clients beyond it stand in the kernel's queue.
func (b *bounded) Accept() (net.Conn, error) {
	b.room <- struct{}{}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.room
		return nil, err
	}
	return &leased{Conn: c, give: func() { <-b.room }}, nil
}

type leased struct {
	net.Conn
	once sync.Once
	give func()
}

func (l *leased) Close() error {
	l.once.Do(l.give)
	return l.Conn.Close()
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
