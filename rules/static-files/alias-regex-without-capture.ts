import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace as apachePlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { droppedRest } from '../_dropped-rest.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))
const apache = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      ${lines}
      <Directory /srv>
          Require all granted
      </Directory>
    `,
    ['alias', 'dir'],
  )

export default defineRule({
  summary: '`alias` of a regular expression location, or `AliasMatch`, without a capture',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a location by regular expression there is no prefix that `alias` could replace: its value is the whole path. Without a capture every URL means the directory itself, and no file is served; so it is where the capture is a word in front of the rest, `^/(css|js)/` with `/srv/$1/`. `AliasMatch` of Apache replaces the whole URL in the same way.',
  remedy:
    'Capture the rest and insert it: `location ~ ^/media/(.+\\.png)$ { alias /srv/media/$1; }`, `AliasMatch ^/media(/.*)?$ /srv/media$1`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
    'https://httpd.apache.org/docs/2.4/mod/mod_alias.html#aliasmatch',
  ],
  bad: [
    {
      title: 'pictures of a directory',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~* ^/media/.*\.(?:png|jpg)$ {
              alias «/srv/media/»;
          }
        `),
      },
    },
    {
      title: 'AliasMatch of a directory',
      files: {
        'etc/apache2/apache2.conf': apache('AliasMatch ^/handbook(.*)$ «/srv/handbook»'),
        'srv/handbook/start.html': 'start',
      },
    },
    {
      title: 'AliasMatch without an end, and the directory in a section alone',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              AliasMatch "^/docs" «"/srv/docs"»
              <Directory /srv/docs>
                  Require all granted
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'behind one that takes pictures alone',
      files: {
        'etc/apache2/apache2.conf': apache(conf`
          AliasMatch ^/data/(.+\.png)$ /srv/data/$1
          AliasMatch ^/data/ «/srv/data/»
        `),
      },
    },
    {
      title: 'a capture that takes a word, and not what stands behind it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/(css|images)/ {
              alias «/srv/files/$1/»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a capture of a word and of the rest, or of a word behind which nothing stands',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/(css|images)/(.*)$ {
              alias /srv/files/$1/$2;
          }
          location ~ ^/(robots|humans)\.txt$ {
              alias /srv/texts/$1.txt;
          }
          location ~ ^/(?:static|media)/ {
              location ~ ^/(static|media)/(.*)$ {
                  alias /srv/files/$1/$2;
              }
          }
        `),
      },
    },
    {
      title: 'AliasMatch with a capture, of one file, and of one URL',
      files: {
        'etc/apache2/apache2.conf': apache(conf`
          AliasMatch ^/handbook(.*)$ /srv/handbook$1
          AliasMatch ^/favicon\.(?:ico|png) /srv/favicon.ico
          AliasMatch ^/manual/?$ /srv/handbook
        `),
        'srv/handbook/start.html': 'start',
        'srv/favicon.ico': 'icon',
      },
    },
    {
      title: 'the directory alone, behind a line that takes what lies in it',
      files: {
        'etc/apache2/apache2.conf': apache(conf`
          AliasMatch ^/data/(.+) /srv/data/$1
          AliasMatch ^/data/ /srv/data/
          Alias /docs/ /srv/docs/
          AliasMatch ^/docs.* /srv/docs/
        `),
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/media/(.+)$ {
              alias /srv/media/$1;
          }
          location ~ ^/media/ {
              alias /srv/media/;
          }
        `),
      },
    },
    {
      title: 'with a capture',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~* ^/media/(.*\.(?:png|jpg))$ {
              alias /srv/media/$1;
          }
          location ~ ^/files/(?<name>.+)$ {
              alias /srv/files/$name;
          }
        `),
      },
    },
    {
      title: 'one file, and the URL of the directory alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/favicon\.(?:ico|png)$ {
              alias /srv/www/favicon.ico;
          }
          location ~ ^/(?:docs|manual)/$ {
              alias /srv/docs/;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations, apache: servers, filesOf }) {
    for (const configuration of servers) {
      for (const name of ['aliasmatch', 'scriptaliasmatch']) {
        for (const line of configuration.occurrences.get(name) ?? []) {
          const [pattern, target] = line.args
          if (pattern === undefined || target === undefined || !isOpen(pattern.value)) continue
          if (!isSettled(target.value) || !isDirectory(configuration, filesOf(configuration), target.value))
            continue
          if (isTakenBefore(pattern.value, aliasesBefore(line, configuration))) continue
          yield {
            at: apachePlace(line, 1),
            message: `every URL of this expression means \`${target.value}\` itself, because no capture is inserted`,
            related: [{ at: apachePlace(line, 0), message: 'the regular expression' }],
          }
        }
      }
    }
    for (const configuration of configurations) {
      for (const alias of configuration.occurrences.get('alias') ?? []) {
        const { parent } = alias
        if (parent?.name !== 'location') continue
        const { modifier, name } = readLocation(parent)
        if (modifier !== '~' && modifier !== '~*') continue
        const value = alias.args[0]?.value ?? ''
        if (value.includes('$')) {
          yield* wordForPath(configuration, alias, parent)
          continue
        }
        if (isUnknownWord(value) || !value.endsWith('/') || /\/\$$/.test(name)) continue
        if (makesPathElsewhere(parent) || isTakenBefore(name, expressionsBefore(parent))) continue
        yield {
          at: argumentPlace(alias, 0),
          message: `every URL of this location means \`${value}\` itself, because \`alias\` inserts no capture of its regular expression`,
          related: [{ at: argumentPlace(parent, parent.args.length - 1), message: 'the regular expression' }],
        }
      }
    }
  },
})

/** An alias that inserts a word of the path, and not what stands behind it. */
function* wordForPath(
  configuration: NginxConfiguration,
  alias: NginxDirective,
  location: NginxDirective,
): Iterable<RuleFinding> {
  const value = alias.args[0]?.value ?? ''
  // What has a name of a file is one, whatever was asked for.
  if (makesPathElsewhere(location) || /\.\w+$/.test(value) || variableNames(value).length === 0) return
  const dropped = droppedRest(configuration, location, value)
  if (dropped === null) return
  yield {
    at: argumentPlace(alias, 0),
    message: `every URL below \`${dropped.path}\` means \`${dropped.becomes}\` itself, because no capture holds the rest`,
    related: [{ at: argumentPlace(location, location.args.length - 1), message: 'the regular expression' }],
  }
}

/** What is asked before an expression: another one, or the path of an `Alias`. */
type Taker = (path: string) => boolean

/** True where others take every path that goes on behind the words an expression begins with: it has the directory alone. */
function isTakenBefore(pattern: string, takers: readonly Taker[]): boolean {
  const [, words] = /^\^(\/[\w/-]*)/.exec(pattern) ?? []
  if (words === undefined) return false
  const directory = words.replace(/\/*$/, '/')
  const paths = [`${directory}a`, `${directory}a.png`, `${directory}a/b.html`]
  return paths.every(path => takers.some(takes => takes(path)))
}

/** Of the lines of mod_alias in one place the first that fits holds. */
function aliasesBefore(line: ApacheDirective, { occurrences }: ApacheConfiguration): readonly Taker[] {
  const names = ['aliasmatch', 'scriptaliasmatch', 'alias', 'scriptalias']
  return names
    .flatMap(name => occurrences.get(name) ?? [])
    .flatMap(each => {
      const path = each.args[0]?.value
      const isBefore = each.source === line.source && each.start < line.start && each.parent === line.parent
      if (!isBefore || path === undefined || !isSettled(path)) return []
      return /Match$/i.test(each.name) ? takerOf(path) : [below(path)]
    })
}

function below(path: string): Taker {
  return asked => asked.startsWith(path.replace(/\/*$/, '/'))
}

/** Of several expressions that fit nginx takes the first one. */
function expressionsBefore(location: NginxDirective): readonly Taker[] {
  const beside = location.parent?.children ?? []
  return beside.slice(0, beside.indexOf(location)).flatMap(each => {
    if (each.name !== 'location') return []
    const { modifier, name } = readLocation(each)
    return modifier.startsWith('~') ? takerOf(name, modifier === '~*') : []
  })
}

function takerOf(pattern: string, caseless = false): readonly Taker[] {
  const compiled = isUnknownWord(pattern) ? null : compilePcre(pattern, { caseless })
  return compiled === null ? [] : [path => compiled.test(path) === true]
}

/** A rewrite may make the path, and a nested location has an alias of its own. */
function makesPathElsewhere({ children }: NginxDirective): boolean {
  return children.some(({ name }) => ['rewrite', 'location', 'return', 'try_files', 'if'].includes(name))
}

/** True for an expression of httpd that takes whatever follows a path. */
function isOpen(pattern: string): boolean {
  return /\.[*+]\)*\$?$/.test(pattern) || /[^$)|]$/.test(pattern)
}

/** True for a path that its files, its last slash or a section show to be a directory. */
function isDirectory({ occurrences }: ApacheConfiguration, files: FileSystem, path: string): boolean {
  if (path.includes('$')) return false
  const plain = path.replace(/(?<=.)\/$/, '')
  return (
    path.endsWith('/') ||
    files.kind(path) === 'directory' ||
    (occurrences.get('directory') ?? []).some(({ args }) => args[0]?.value.replace(/(?<=.)\/$/, '') === plain)
  )
}
