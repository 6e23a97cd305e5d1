import { known, unknown } from '../../servers/fact.ts'
import { interpolate } from '../../servers/nginx/queries/interpolate.ts'
import type { NginxConnection, NginxServer, ServerListen } from '../model.ts'
import { exactNames } from '../build/servers.ts'

/**
 * The `Host` headers that a connection sends for the names of its server, ports included, as `trace` tells
 * them for one request; null where a variable decides that no name settles. Empty where the client's own is
 * passed on and nobody can list the names, or where none is sent.
 */
export function hostHeaders(connection: NginxConnection): readonly string[] | null {
  const { headers, hostsSent, server } = connection
  if (headers.open || !hostsSent.known) return null
  const template = headers.written.findLast(({ name }) => name === 'host')?.value ?? '$proxy_host'
  if (template === '') return []
  if (!template.includes('$')) return [template]
  if (template === '$proxy_host') return [proxyHost(connection)]
  const values = new Set<string>()
  for (const name of exactNames(server)) {
    for (const listen of listensOf(server)) {
      const value = interpolate(template, variables(name, listen, server, connection))
      if (!value.known) return null
      values.add(value.value)
    }
  }
  return [...values]
}

/** The sockets by which a name is asked for; port 80 stands for those that are not known. */
function listensOf({ listens }: NginxServer): readonly Pick<ServerListen, 'tls' | 'port'>[] {
  return listens.length === 0 ? [{ tls: false, port: 80 }] : listens
}

function variables(
  name: string,
  { tls, port }: Pick<ServerListen, 'tls' | 'port'>,
  { names }: NginxServer,
  connection: NginxConnection,
) {
  const isDefault = port === null || port === (tls ? 443 : 80)
  const values: Readonly<Record<string, string>> = {
    host: name,
    http_host: isDefault ? name : `${name}:${port}`,
    server_name: names[0]?.name ?? '',
    server_port: `${port ?? ''}`,
    scheme: tls ? 'https' : 'http',
    proxy_host: proxyHost(connection),
  }
  return (variable: string) => {
    const value = Object.hasOwn(values, variable) ? values[variable] : undefined
    return value === undefined ? unknown(`\`$${variable}\` is not known here`) : known(value)
  }
}

/** What `$proxy_host` holds: the host as written, its port only where it is not the scheme's own. */
function proxyHost({ written, upstream }: NginxConnection): string {
  if (upstream !== null) return upstream.args[0]?.value ?? ''
  const unix = /^https?:\/\/unix:/i.test(written)
  if (unix) return 'localhost'
  const [, scheme = 'http', host = ''] = /^(https?):\/\/([^/?#]*)/i.exec(written) ?? []
  return host.replace(scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/, '')
}
