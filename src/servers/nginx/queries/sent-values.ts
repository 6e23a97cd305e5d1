import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known } from '../../fact.ts'
import type { NginxDirective } from '../configuration.ts'
import { interpolate, type Variables } from './interpolate.ts'
import type { ProxyTarget } from './proxy-target.ts'
import { type RequestState, requestVariables } from './request.ts'
import { type RequestHeaders, requestHeaders, requestParameters } from './request-headers.ts'

/** A request header, or a parameter of FastCGI and its like, as one request is sent with it. */
export interface SentValue {
  readonly name: string
  /** As written; empty where the header is removed. */
  readonly written: string
  readonly value: Fact<string>
  readonly at: Place | null
  /** Null for nginx's own default. */
  readonly directive: NginxDirective | null
}

export interface SentValues {
  readonly list: readonly SentValue[]
  /** True where what the client sends and no line names goes on unchanged. */
  readonly passesOthers: boolean
}

/** What a pass sends along with the request; null where the lines in force are not known. */
export function sentValues(state: RequestState, target: ProxyTarget): SentValues | null {
  const fact = linesOf(state, target)
  if (fact === null || !fact.known) return null
  const variables = passVariables(state, target)
  const { headers, passes } = fact.value
  return {
    passesOthers: passes,
    list: headers.map(({ name, value, at, directive }) => ({
      name,
      written: value,
      value: interpolate(value, variables),
      at,
      directive,
    })),
  }
}

function linesOf(
  { configuration, scope }: RequestState,
  { directive: { name } }: ProxyTarget,
): Fact<RequestHeaders> | null {
  switch (name) {
    case 'proxy_pass':
    case 'grpc_pass':
      return requestHeaders(configuration, scope, name)
    case 'fastcgi_pass':
      return requestParameters(configuration, scope, 'fastcgi')
    case 'uwsgi_pass':
      return requestParameters(configuration, scope, 'uwsgi')
    case 'scgi_pass':
      return requestParameters(configuration, scope, 'scgi')
    default:
      return null
  }
}

/** The variables of a request on its way to a backend. */
function passVariables(state: RequestState, target: ProxyTarget): Variables {
  const variables = requestVariables(state)
  return name => {
    switch (name) {
      case 'proxy_host':
        return known(target.proxyHost)
      case 'proxy_port':
        return known(String(target.endpoints[0]?.port ?? (target.protocol === 'https' ? 443 : 80)))
      case 'proxy_add_x_forwarded_for': {
        const before = variables('http_x_forwarded_for')
        const client = variables('remote_addr')
        if (!before.known || !client.known) return before.known ? client : before
        return known(before.value === '' ? client.value : `${before.value}, ${client.value}`)
      }
      default:
        return variables(name)
    }
  }
}
