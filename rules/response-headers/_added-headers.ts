import { memoByKey } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'

/** One `add_header` in force. */
export interface AddedHeader {
  /** Lower case. */
  readonly name: string
  readonly value: string
  /** True where it is sent with errors too. */
  readonly always: boolean
  readonly directive: NginxDirective
}

/** The `add_header` lines in force in a block; null where that is not known. */
export const addedHeaders = memoByKey(
  (configuration: NginxConfiguration, block: NginxDirective): readonly AddedHeader[] | null => {
    const fact = effective(configuration, block, 'add_header')
    if (!fact.known || !fact.value.complete) return null
    return fact.value.directives.map(toHeader)
  },
)

export function toHeader(directive: NginxDirective): AddedHeader {
  const [name, value, always] = directive.args.map(word => word.value)
  return { name: (name ?? '').toLowerCase(), value: value ?? '', always: always === 'always', directive }
}
