import type { NginxConnection } from '../../src/deployment/model.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { parseSize } from '../../src/servers/nginx/validate/numbers.ts'

/** `large_client_header_buffers` that somebody has made larger than nginx has them by itself. */
export interface RaisedBuffers {
  readonly directive: NginxDirective
  /** Bytes of one of them, which a request line or a header may fill. */
  readonly size: number
}

/** nginx's own size of a buffer for headers, in bytes. */
const DEFAULT = 8192

/** Null where nothing has raised them. */
export function raisedBuffers({
  server: { configuration, directive },
}: Pick<NginxConnection, 'server'>): RaisedBuffers | null {
  const fact = effective(configuration, directive, 'large_client_header_buffers')
  const written = fact.known ? fact.value.directives[0] : undefined
  const size = written === undefined ? null : parseSize(written.args[1]?.value ?? '')
  // Two bytes less than 8k are no difference that somebody made.
  return written === undefined || size === null || size <= DEFAULT ? null : { directive: written, size }
}
