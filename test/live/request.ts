import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface LiveRequest {
  /** The URL as a client would type it; its host goes into `Host` and SNI, the connection to `address`. */
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** What the request line asks for instead of the URL's path, such as a whole URL. */
  readonly target?: string
  /** Where to connect instead of 127.0.0.1. */
  readonly address?: string
  /** The client's own address, of IP version 4; 127.0.0.1 where absent. */
  readonly from?: string
  /** Milliseconds of silence after which the client gives up; ten seconds where absent. */
  readonly patience?: number
  /** The one authority that the client trusts, PEM; any certificate is taken where absent. */
  readonly trust?: string
  /** The client leaves as soon as the body holds this. */
  readonly until?: string
}

export interface LiveResponse {
  /** 0 where the connection was refused, closed or failed its handshake. */
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** What the reporting application said of its request; null for any other body. */
  readonly report: Readonly<Record<string, string | boolean | null>> | null
  /** The system's word for a failed connection, such as `ECONNREFUSED`; null otherwise. */
  readonly failure: string | null
}

/** Sends one request with the path as written: no normalisation between the case and the server. */
export function send({
  url,
  method = 'GET',
  headers = {},
  body,
  address = '127.0.0.1',
  from,
  target,
  patience = 10_000,
  until,
  trust,
}: LiveRequest): Promise<LiveResponse> {
  const parts = /^(https?):\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(url)
  if (parts === null) throw new TypeError(`no URL: ${url}`)
  const [, scheme, host = '', port, path = '/'] = parts
  const tls = scheme === 'https'
  const options = {
    host: address,
    port: port === undefined ? (tls ? 443 : 80) : Number(port),
    path: target ?? path,
    method,
    headers: { Host: port === undefined ? host : `${host}:${port}`, ...headers },
    agent: false as const,
    ...(from === undefined ? {} : { localAddress: from }),
    timeout: patience,
  }
  return new Promise(resolve => {
    const request = tls
      ? httpsRequest({
          ...options,
          servername: host,
          ...(trust === undefined ? { rejectUnauthorized: false } : { ca: trust }),
        })
      : httpRequest(options)
    request.on('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (until === undefined || !Buffer.concat(chunks).includes(until)) return
        done()
        request.destroy()
      })
      response.on('error', error => fail(error))
      response.on('end', () => done())
      const done = (): void => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          report: parse(text),
          failure: null,
        })
      }
    })
    const fail = (error: Error & { code?: string }) =>
      resolve({ status: 0, headers: {}, body: '', report: null, failure: error.code ?? error.message })
    request.on('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
    request.on('error', fail)
    request.end(body)
  })
}

function parse(text: string): LiveResponse['report'] {
  if (!text.startsWith('{')) return null
  try {
    return JSON.parse(text) as LiveResponse['report']
  } catch {
    return null
  }
}
