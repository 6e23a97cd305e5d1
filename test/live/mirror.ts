import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/**
 * A backend that answers with what it was sent, in the form of the reporting application: header names as
 * WSGI spells them, and a header that came twice with both its values. `?set-cookie=NAME` has it set one (for `&cookie-path=PATH`), `?status=404` answer so;
 * `/verify` is answered when the body is there that is announced, `?events` with a stream whose second event comes two seconds after the first.
 */
export function startMirror(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const announced = request.headers['content-length']
    // Who answers and closes before a large body is there breaks the connection on which it comes.
    if (announced !== undefined && (request.url === '/verify' || Number(announced) > LARGE))
      request.resume().on('end', () => answer(port, request, response))
    else answer(port, request, response)
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Bytes of a body that do not fit into the buffers of a socket. */
const LARGE = 65_536

function answer(port: number, request: IncomingMessage, response: ServerResponse): void {
  if (request.url?.endsWith('?events') === true) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: first\n\n')
    setTimeout(() => response.end('data: second\n\n'), 2000).unref()
    return
  }
  if (request.url === '/verify' && request.headers['content-length'] !== undefined) {
    response.end()
    return
  }
  const report: Record<string, string> = {
    path: request.url ?? '',
    port: String(port),
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
  }
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = `HTTP_${(request.rawHeaders[index] ?? '').toUpperCase().replaceAll('-', '_')}`
    const value = request.rawHeaders[index + 1] ?? ''
    report[name] = report[name] === undefined ? value : `${report[name]}, ${value}`
  }
  const cookie = /[?&]set-cookie=(\w+)/.exec(request.url ?? '')?.[1]
  const path = /[?&]cookie-path=([\w/]+)/.exec(request.url ?? '')?.[1]
  if (cookie !== undefined)
    response.setHeader(
      'Set-Cookie',
      `session=${cookie}; made=${Date.now()}${path === undefined ? '' : `; Path=${path}`}`,
    )
  if (/[?&]redirect\b/.test(request.url ?? '')) {
    response.statusCode = 302
    const path = (request.url ?? '').replace(/[^/]*$/, 'next')
    response.setHeader('Location', `http://${request.headers.host ?? ''}${path}`)
  }
  const status = /[?&]status=(\d{3})\b/.exec(request.url ?? '')?.[1]
  if (status !== undefined) response.statusCode = Number(status)
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify(report))
}

export function stopMirror(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise(resolve => {
    server.close(() => resolve())
  })
}
