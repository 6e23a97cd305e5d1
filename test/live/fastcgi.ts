import { connect } from 'node:net'

/**
 * Sends one request of FastCGI to an address, from the same one, and gives what the server writes, its records as they are; empty where it
 * closes the connection, null where nobody listens.
 */
export function fastcgi(
  address: string,
  port: number,
  parameters: Readonly<Record<string, string>>,
  body = '',
): Promise<string | null> {
  const pairs = Object.entries(parameters).map(([name, value]) =>
    Buffer.concat([length(name), length(value), Buffer.from(name + value)]),
  )
  const request = Buffer.concat([
    record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
    record(4, Buffer.concat(pairs)),
    record(4, Buffer.alloc(0)),
    record(5, Buffer.from(body)),
    record(5, Buffer.alloc(0)),
  ])
  return new Promise(resolve => {
    let answer = ''
    const socket = connect({ port, host: address, localAddress: address }, () => socket.write(request))
    socket.setTimeout(5000, () => socket.destroy())
    socket.on('data', data => (answer += data.toString('latin1')))
    socket.on('error', () => resolve(null))
    socket.on('close', () => resolve(answer))
  })
}

function record(type: number, content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]),
    content,
  ])
}

function length(text: string): Buffer {
  const bytes = Buffer.byteLength(text)
  if (bytes < 128) return Buffer.from([bytes])
  return Buffer.from([(bytes >> 24) | 128, (bytes >> 16) & 255, (bytes >> 8) & 255, bytes & 255])
}
