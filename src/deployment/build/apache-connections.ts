import { type Fact, known } from '../../servers/fact.ts'
import type { ProxyPass, ProxyScheme } from '../../servers/apache/queries/proxy-passes.ts'
import { virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'
import { writtenText } from '../places.ts'
import type { ApacheConnection, ApacheProgram, Protocol, Target } from '../model.ts'

/** The protocol of a scheme of mod_proxy: `h2` and `h2c` are HTTP, `fcgi` is FastCGI. */
const PROTOCOLS: Readonly<Record<ProxyScheme, Protocol>> = {
  http: 'http',
  https: 'https',
  h2c: 'http',
  h2: 'https',
  ws: 'ws',
  wss: 'wss',
  fcgi: 'fastcgi',
  scgi: 'scgi',
  uwsgi: 'uwsgi',
  ajp: 'ajp',
  ftp: 'ftp',
}

export function apacheConnection(
  from: ApacheProgram,
  { directive, path, base, scheme, at }: ProxyPass,
  targets: readonly Target[],
): ApacheConnection {
  const protocol: Fact<Protocol> = scheme.known ? known(PROTOCOLS[scheme.value], scheme.at) : scheme
  return {
    from,
    host: virtualHostSection(directive),
    pass: directive,
    path,
    base,
    protocol,
    targets,
    written: writtenText(at),
  }
}
