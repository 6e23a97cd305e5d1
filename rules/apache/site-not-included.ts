import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { isCopyName } from '../../parsers/text/copy-name.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const MAIN = apacheMain(conf`
  Listen 80
  IncludeOptional sites-enabled/*.conf
`)

const SITE = conf`
  <VirtualHost *:80>
      ServerName shop.example.org
      DocumentRoot /srv/shop
  </VirtualHost>
`

export default defineRule({
  summary: 'A site that is enabled, and whose file Apache does not read',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since 2.4, Debian and Ubuntu include `sites-enabled/*.conf`. A file that lies there and is called otherwise is never read: its names are answered by the first site that is.',
  remedy: 'Rename the file, so that it ends in `.conf`, and enable it again: `a2ensite shop.example.org`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#includeoptional'],
  bad: [
    {
      title: 'called after its name',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'etc/apache2/sites-enabled/000-default.conf': SITE.replace('shop.', '').replace('/shop', '/www'),
        'etc/apache2/sites-enabled/shop.example.org': SITE.replace('<VirtualHost', '«<VirtualHost»'),
      },
    },
  ],
  good: [
    {
      title: 'ends in .conf, and copies that nobody reads',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'etc/apache2/sites-enabled/shop.example.org.conf': SITE,
        'etc/apache2/sites-enabled/shop.example.org.conf.bak': SITE,
        'etc/apache2/sites-enabled/shop.example.org.conf.disabled': SITE,
        'etc/apache2/sites-enabled/.shop.swp': SITE,
        ...Object.fromEntries(
          ['shop.conf.2023-01-01', 'shop.conf.bck', 'shop.conf.nossl', 'shop.disabled2', 'shop.bkp'].map(
            name => [`etc/apache2/sites-enabled/${name}`, SITE.replace('shop.', 'other.')],
          ),
        ),
        'etc/apache2/sites-enabled/README': 'Links to sites-available',
      },
    },
    {
      title: 'its site is in another file',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'etc/apache2/sites-enabled/shop.example.org.conf': SITE,
        'etc/apache2/sites-enabled/shop.example.org': SITE,
      },
    },
    {
      title: 'read by name',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}Include sites-enabled/shop\n`,
        'etc/apache2/sites-enabled/shop': SITE,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { executed = [], occurrences, serverRoot, sources } = configuration
      const includes = executed.filter(
        ({ name, args }) =>
          /^Include/.test(name) && /(?:^|\/)\w+-enabled\/\*\.conf$/.test(args[0]?.value ?? ''),
      )
      if (includes.length === 0 || !serverRoot.known) continue
      const files = filesOf(configuration)
      const read = new Set(sources)
      const served = once(
        () =>
          new Set(
            (occurrences.get('servername') ?? []).flatMap(
              ({ args: [name] }) => name?.value.toLowerCase() ?? [],
            ),
          ),
      )
      for (const include of includes) {
        const pattern = include.args[0]?.value ?? ''
        if (!isSettled(pattern)) continue
        const directory = posix.dirname(posix.resolve(serverRoot.value, pattern))
        for (const { name, kind } of files.list(directory) ?? []) {
          if (kind !== 'file' || name.endsWith('.conf') || isPutAside(name)) continue
          const result = files.read(posix.join(directory, name))
          if (result.kind !== 'source' || read.has(result.source)) continue
          const { source } = result
          const host = /^[ \t]*(<VirtualHost)\b/im.exec(source.code)
          if (host === null || namesIn(source).some(name => served().has(name))) continue
          const start = host.index + host[0].length - '<VirtualHost'.length
          yield {
            at: { source, start, end: start + '<VirtualHost'.length },
            message: `Apache reads \`${posix.basename(pattern)}\` alone, and this file is called \`${name}\`: the site is not there`,
            related: [{ at: argumentPlace(include, 0), message: 'what Apache reads' }],
          }
        }
      }
    }
  },
})

/** The names of the sites in a file that Apache does not read. */
function namesIn({ code }: Source): readonly string[] {
  return [...code.matchAll(/^[ \t]*ServerName[ \t]+(\S+)/gim)].map(([, name = '']) => name.toLowerCase())
}

/** True for a name that an editor, a package or its owner made for what is not to be read: `shop.conf.nossl`. */
function isPutAside(name: string): boolean {
  return name.startsWith('.') || isCopyName(name) || /\.conf[._-]/i.test(name) || OTHERS.test(name)
}

const OTHERS =
  /\.(?:dis|no|temp|sample|example|dist|rpm\w+|template|tpl|tmpl|j2|jinja2?|erb|in|txt|md|\d+)$|^README/i
