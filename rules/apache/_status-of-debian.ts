import type { RuleFinding } from '../../src/engine/rule.ts'
import { argumentsPlace, namePlace } from '../../src/deployment/places.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type VirtualHost, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'

/** Paths and names that Debian's package alone has, and SUSE's, which keeps the page the same way. */
const OF_DEBIAN = /\$\{APACHE_LOG_DIR\}|\/(?:usr\/lib|etc|var\/log)\/apache2\//

/** What answers for all paths before the page does, or may. */
const TAKES_ALL: ReadonlySet<string> = new Set(
  'ProxyPass ProxyPassMatch Redirect RedirectMatch RedirectPermanent RewriteRule'.split(' '),
)

/**
 * Sites without their main file that grant every URL to everybody. Debian's `status.conf`, which its package turns on,
 * says `Require local` for the page; sections of a virtual host come behind those of the whole server.
 */
export function* statusOfDebian(configuration: ApacheConfiguration): Iterable<RuleFinding> {
  if (configuration.main !== null) return
  for (const section of configuration.occurrences.get('location') ?? []) {
    const host = hostOf(configuration, section)
    const granted = host === null ? null : grantOfAll(section)
    if (host === null || granted === null || !OF_DEBIAN.test(section.source.text)) continue
    const lines = [...(host.directive.children ?? []), ...section.children]
    if (lines.some(({ name }) => TAKES_ALL.has(name)) || isRestricted(configuration)) continue
    const isOfWeb = host.addresses.every(({ socket }) => socket.known && OF_WEB.has(socket.value.port))
    if (!isOfWeb && host.addresses.some(({ socket }) => socket.known)) continue
    yield {
      at: { ...argumentsPlace(granted, 0, granted.args.length - 1), start: namePlace(granted).start },
      confidence: 'medium',
      ...(!isOfWeb && { severity: 'info' as const }),
      message:
        "this takes the place of the `Require local` in Debian's `status.conf`: `/server-status` is shown to anonymous clients",
      related: [{ at: argumentPlace(section, 0), message: 'holds for `/server-status` too' }],
      help: 'Grant the `<Directory>` in place of `/`, or write a `<Location /server-status>` with `Require local` behind it',
    }
  }
}

const OF_WEB: ReadonlySet<number | null> = new Set([null, 80, 443])

/** The virtual host whose section for all URLs this is. */
function hostOf(configuration: ApacheConfiguration, { args, parent }: ApacheDirective): VirtualHost | null {
  return args.length === 1 && args[0]?.value === '/' && parent?.name === 'VirtualHost'
    ? virtualHostOf(configuration, parent)
    : null
}

function grantOfAll({ children }: ApacheDirective): ApacheDirective | null {
  const words = (line: ApacheDirective): string => line.args.map(({ value }) => value.toLowerCase()).join(' ')
  if (children.some(({ section }) => section)) return null
  return children.find(line => line.name === 'Require' && words(line) === 'all granted') ?? null
}

/** True where some section is about the page. */
function isRestricted({ occurrences }: ApacheConfiguration): boolean {
  return ['location', 'locationmatch'].some(name =>
    (occurrences.get(name) ?? []).some(({ args }) => args.some(({ value }) => value.includes('status'))),
  )
}
