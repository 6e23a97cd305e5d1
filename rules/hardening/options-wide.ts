import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { optionsIn } from '../../src/servers/apache/requests/options.ts'
import { fileHost } from './_examples.ts'
import { levelsOfFiles, reachedHosts } from './_servers.ts'

const directory = (options: string): string => conf`
  <Directory /srv/www>
      Options ${options}
      Require all granted
  </Directory>
`
/** By the name that `OptionSet` gives them. */
const WIDE: readonly (readonly [name: string, what: string])[] = [
  ['indexes', 'lists directories without an index'],
  ['includes', 'lets pages include programs (`#exec`)'],
  ['execcgi', 'lets files run as programs'],
]

export default defineRule({
  summary: 'The document root has options that the benchmarks take away',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Whoever gets a file there, or forgets one, profits from each of them: a listing shows it, `Includes` and `ExecCGI` run it.',
  remedy: 'Write `Options None`, or what the site needs: `FollowSymLinks`, `SymLinksIfOwnerMatch`',
  controls: ['CIS Apache 5.2', 'dev-sec apache-12'],
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#options'],
  bad: [
    {
      title: 'as Debian ships it',
      files: { 'etc/apache2/apache2.conf': fileHost('', directory('«Indexes» FollowSymLinks')) },
    },
    {
      title: 'all of them',
      files: { 'etc/apache2/apache2.conf': fileHost(directory('«All»'), '', ['autoindex', 'dir']) },
    },
  ],
  good: [
    {
      title: 'none',
      files: { 'etc/apache2/apache2.conf': fileHost(directory('None'), '', ['autoindex', 'dir']) },
    },
    {
      title: 'taken away in the virtual host',
      files: {
        'etc/apache2/apache2.conf': fileHost(directory('-Indexes'), directory('Indexes FollowSymLinks')),
      },
    },
    {
      title: 'of a directory that nobody serves',
      files: { 'etc/apache2/apache2.conf': fileHost('', directory('Indexes').replace('www', 'old')) },
    },
  ],
  *check(deployment) {
    for (const asked of reachedHosts(deployment)) {
      const levels = levelsOfFiles(deployment, asked)
      const options = levels === null ? null : optionsIn(asked.configuration, levels)
      if (options === null || !options.known || options.value.directive === null) continue
      const { directive, has } = options.value
      for (const [name, what] of WIDE) {
        const index = directive.args.findIndex(({ value }) =>
          [name, `+${name}`, 'all', '+all'].includes(value.toLowerCase()),
        )
        if (!has(name) || index === -1) continue
        const at = argumentPlace(directive, index)
        const isAlone = directive.args.length === 1
        yield {
          at,
          per: 'virtual hosts',
          message: often => `\`Options ${directive.args[index]?.value}\` ${what}${often}`,
          ...(isAlone && propose('Take all options away', 'unsafe', [replacePlace(at, 'None')])),
        }
      }
    }
  },
})
