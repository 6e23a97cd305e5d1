import { groupBy } from '../../parsers/collections/group-by.ts'
import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { isForAll } from '../_apache-sections.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          ${lines}
      </Directory>
    `,
    ['access_compat', 'authz_host', 'dir'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'Order has the last word for everybody, so the addresses beside it mean nothing',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'What `Order` names last wins. With `allow,deny` whoever no `Allow` names is denied, whatever `Require` says beside it. With `deny,allow` and `Allow from all` every address is let in, those of `Deny from` too; with `allow,deny` and `Deny from all` nobody is, those of `Allow from` neither.',
  remedy: 'Turn the two words of `Order` round, or write `Require not ip` and `Require ip`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_access_compat.html#order'],
  bad: [
    {
      title: 'an address that is to be kept out',
      files: main(conf`
        Order «deny,allow»
        Deny from 127.0.0.2
        Allow from all
      `),
    },
    {
      title: 'an address that is to be let in',
      files: main(conf`
        Order «Allow,Deny»
        Deny from all
        Allow from 127.0.0.1
      `),
    },
    {
      title: 'without Order, whose default is the same',
      files: main(conf`
        Deny from «127.0.0.2»
        Allow from all
      `),
    },
    {
      title: 'without Allow, beside Require',
      files: main(conf`
        Order «allow,deny»
        Require ip 127.0.0.1
      `),
    },
  ],
  good: [
    {
      title: 'nobody is meant, or a password is enough',
      files: main(conf`
        Order allow,deny
        Require all denied
        <FilesMatch "\\.bak$">
            Order allow,deny
        </FilesMatch>
        <Files members.html>
            Order allow,deny
            Satisfy any
            Require valid-user
        </Files>
      `),
    },
    {
      title: 'a section inside that lets clients in',
      files: main(conf`
        Order allow,deny
        Require ip 127.0.0.1
        <Files index.html>
            Allow from all
        </Files>
      `),
    },
    {
      title: 'all but one',
      files: main(conf`
        Order allow,deny
        Allow from all
        Deny from 192.0.2.7
      `),
    },
    {
      title: 'one and nobody else',
      files: main(conf`
        Order deny,allow
        Deny from all
        Allow from 127.0.0.1
      `),
    },
    {
      title: 'everybody, and nobody, in two words each',
      files: main(conf`
        Order deny,allow
        Deny from all
        Allow from all
      `),
    },
    {
      title: 'what a variable of the environment opens',
      files: main(conf`
        Order deny,allow
        Deny from all
        Allow from env=known
      `),
    },
    {
      title: 'one address of this machine is kept out',
      files: main(conf`
        Order allow,deny
        Allow from all
        Deny from 127.0.0.2
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const all = LINES.flatMap(name => everywhere(configuration, files, name))
      const allowing = new Set(all.filter(({ name }) => /^allow$/i.test(name)).map(hostOf))
      for (const lines of groupBy(all, scopeOf).values()) {
        const lone = orderWithoutAllow(lines)
        if (lone !== null && !allowing.has(hostOf(lone.order))) {
          yield {
            at: argumentPlace(lone.order, 0),
            message: `no \`Allow\` names anybody, so \`Order allow,deny\` denies every client, and \`${writtenLine(lone.require)}\` lets nobody in`,
            related: [{ at: namePlace(lone.require), message: 'has no effect' }],
            help: 'Remove the `Order`: `Require` decides by itself',
          }
        }
        const named = (name: string) => lines.filter(line => line.name.toLowerCase() === name)
        const order = named('order').at(-1)
        const word = (order?.args[0]?.value ?? 'deny,allow').toLowerCase()
        const last = word === 'deny,allow' ? 'allow' : word === 'allow,deny' ? 'deny' : null
        if (last === null) continue
        const first = last === 'allow' ? 'deny' : 'allow'
        const lost = named(first).find(line => !isForAll(line))
        if (!named(last).some(isForAll) || named(first).some(isForAll) || lost === undefined) continue
        const at = order === undefined ? argumentPlace(lost, 1) : argumentPlace(order, 0)
        const turned = `${last},${first}`
        const shown = `${first === 'deny' ? 'Deny' : 'Allow'} from ${lost.args[1]?.value ?? ''}`
        yield {
          at,
          message: `\`${last === 'allow' ? 'Allow' : 'Deny'} from all\` has the last word, so \`${shown}\` ${last === 'allow' ? 'keeps nobody out' : 'lets nobody in'}`,
          related: order === undefined ? [] : [{ at: argumentPlace(lost, 1), message: 'has no effect' }],
          ...propose(`Write \`Order ${turned}\``, 'unsafe', [
            order !== undefined && placeText(at).toLowerCase() === word ? replacePlace(at, turned) : null,
          ]),
        }
      }
    }
  },
})

const LINES = ['order', 'allow', 'deny', 'satisfy', 'require']

/** The virtual host around a line; its file for one that stands in none, as in a `.htaccess`. */
function hostOf(directive: ApacheDirective): object {
  return virtualHostSection(directive) ?? directive.source
}

interface LoneOrder {
  readonly order: ApacheDirective
  readonly require: ApacheDirective
}

/** The lines of a section that deny everybody by an `Order` alone, and grant access by `Require`. */
function orderWithoutAllow(lines: readonly ApacheDirective[]): LoneOrder | null {
  const last = (word: string) => lines.findLast(({ name }) => name.toLowerCase() === word)
  const order = last('order')
  const require = last('require')
  if (order === undefined || require === undefined || /^all denied$/i.test(argumentsOf(require))) return null
  if (!/^allow,deny$/i.test(argumentsOf(order))) return null
  if (/^any$/i.test(last('satisfy')?.args[0]?.value ?? '')) return null
  const isMeant = lines.some(line => /^deny$/i.test(line.name) && isForAll(line))
  return isMeant ? null : { order, require }
}

function argumentsOf({ args }: ApacheDirective): string {
  return args.map(({ value }) => value).join(' ')
}

function writtenLine(directive: ApacheDirective): string {
  return `${directive.name} ${argumentsOf(directive)}`
}
