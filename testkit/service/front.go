package service

import (
	"net"
	"sync"
)

// front accepts the connections of one listener for one gRPC server after the
// other: a server closes what it listens to when it stops, and a restarted one
// must be found at the same address.
type front struct {
	listener net.Listener
	conns    chan net.Conn
	done     chan struct{} // closed when it stops
	wg       sync.WaitGroup

	mu     sync.Mutex
	failed error // why nothing is accepted any more
}

func newFront(listener net.Listener) *front {
	f := &front{listener: listener, conns: make(chan net.Conn), done: make(chan struct{})}
	f.wg.Go(f.accept)
	return f
}

// accept hands connections over until the listener fails or is closed.
func (f *front) accept() {
	defer close(f.conns)
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			f.mu.Lock()
			f.failed = err
			f.mu.Unlock()
			return
		}
		select {
		case f.conns <- conn:
		case <-f.done:
			_ = conn.Close()
			return
		}
	}
}

// stop closes the listener and waits for what came of it.
func (f *front) stop() {
	close(f.done)
	_ = f.listener.Close()
	f.wg.Wait()
}

// broken is why nothing is accepted any more; nil while all is well.
func (f *front) broken() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// listen returns a listener that can be closed without closing the front.
func (f *front) listen() net.Listener { return &door{front: f, closed: make(chan struct{})} }

// door is what one server listens to.
type door struct {
	front  *front
	once   sync.Once
	closed chan struct{}
}

// Accept implements [net.Listener].
func (d *door) Accept() (net.Conn, error) {
	select {
	case conn, ok := <-d.front.conns:
		if !ok {
			return nil, net.ErrClosed
		}
		return conn, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (d *door) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// Addr implements [net.Listener].
func (d *door) Addr() net.Addr { return d.front.listener.Addr() }
