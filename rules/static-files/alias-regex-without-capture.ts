import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace as apachePlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
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
  why: 'In a location by regular expression there is no prefix that `alias` could replace: its value is the whole path. Without a capture every URL means the directory itself, and no file is served. `AliasMatch` of Apache replaces the whole URL in the same way.',
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
  ],
  good: [
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
          yield {
            at: apachePlace(line, 1),
            message: `every URL of this expression means \`${target.value}\` itself, because no capture is inserted`,
            related: [{ at: apachePlace(line, 0), message: 'the regular expression' }],
          }
        }
      }
    }
    for (const { occurrences } of configurations) {
      for (const alias of occurrences.get('alias') ?? []) {
        const { parent } = alias
        if (parent?.name !== 'location') continue
        const { modifier, name } = readLocation(parent)
        if (modifier !== '~' && modifier !== '~*') continue
        const value = alias.args[0]?.value ?? ''
        if (value.includes('$') || isUnknownWord(value) || !value.endsWith('/') || /\/\$$/.test(name))
          continue
        // A rewrite may make the path, and a nested location has an alias of its own.
        if (
          parent.children.some(child => ['rewrite', 'location', 'return', 'try_files'].includes(child.name))
        )
          continue
        yield {
          at: argumentPlace(alias, 0),
          message: `every URL of this location means \`${value}\` itself, because \`alias\` inserts no capture of its regular expression`,
          related: [{ at: argumentPlace(parent, parent.args.length - 1), message: 'the regular expression' }],
        }
      }
    }
  },
})

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
