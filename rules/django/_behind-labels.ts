import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import { trustsOtherContainer } from '../../src/deployment/proxy-trust.ts'
import { type TlsInFront, tlsInFront } from '../forwarded-headers/_tls-in-front.ts'

/** A project of Django in a container to which Caddy proxies, or of whose labels Traefik or nginx-proxy makes a site with TLS. */
export interface LabelledDjango {
  readonly front: TlsInFront
  readonly machine: Machine
  readonly loaded: LoadedModule
  readonly settings: DjangoSettings
}

/** Those that take what came by TLS for plain HTTP: neither the settings nor the server trusts what the proxy says of it. */
export function* untrustingBehindLabels(deployment: Deployment): Iterable<LabelledDjango> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const front = tlsInFront(deployment, program.machine)
    const loaded = front === null ? null : deployment.moduleOf(program)
    if (front === null || loaded?.settings == null) continue
    const { settings } = loaded
    if (settings.get('SECURE_PROXY_SSL_HEADER') !== null || trustsOtherContainer(program) !== false) continue
    yield { front, machine: program.machine, loaded, settings }
  }
}
