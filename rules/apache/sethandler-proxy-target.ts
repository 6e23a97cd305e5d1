import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import { handlerTarget, SCHEME_MODULES } from '../../src/servers/apache/queries/handler-target.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (target: string, directive = 'SetHandler'): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Require all granted
          </Directory>
          <FilesMatch "\.php$">
              ${directive} ${target}
          </FilesMatch>
      </VirtualHost>
    `,
    ['proxy', 'proxy_fcgi'],
  )
const tree = (target: string, directive = 'SetHandler'): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(target, directive),
})
const SOCKET = 'unix:/run/php/php8.2-fpm.sock'

export default defineRule({
  summary: 'SetHandler names no target that httpd can proxy to',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.5,
  cwe: [540],
  since: '0.1.0',
  why: 'A handler that proxies is `proxy:`, for a Unix socket its path and `|`, and then a URL: `proxy:unix:/run/php.sock|fcgi://localhost`. httpd accepts any text as the name of a handler. Where it is none that a module has, the file is sent as it is: the source of every script, with its passwords, and status 200.',
  remedy:
    'Write `SetHandler "proxy:unix:/run/php/php-fpm.sock|fcgi://localhost"`, without a path behind the host',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#handler',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html',
  ],
  bad: [
    { title: 'a socket alone', files: tree(`«"proxy:${SOCKET}"»`) },
    { title: 'without `proxy:`', files: tree('«"fcgi://127.0.0.1:9000"»') },
    { title: 'a socket without `proxy:`', files: tree(`«"${SOCKET}|fcgi://localhost"»`) },
    { title: 'spaces around the bar', files: tree(`«"proxy:${SOCKET} | fcgi://localhost"»`) },
    { title: 'no scheme', files: tree('«"proxy:127.0.0.1:9000"»') },
    { title: 'no URL behind the bar', files: tree(`«"proxy:${SOCKET}|fcgi"»`) },
    { title: 'no slashes behind the scheme', files: tree('«"proxy:fcgi:127.0.0.1:9000"»') },
    {
      title: 'the line of the pool, copied whole',
      files: tree('«"proxy:unix:listen = /run/php/php8.2-fpm.sock|fcgi://localhost"»'),
    },
    {
      title: 'the document root, as ProxyPassMatch has it',
      files: tree(`«"proxy:${SOCKET}|fcgi://localhost/srv/www"»`),
    },
  ],
  good: [
    { title: 'a socket and a URL', files: tree(`"proxy:${SOCKET}|fcgi://localhost"`) },
    { title: 'a port', files: tree('"proxy:fcgi://127.0.0.1:9000"') },
    { title: 'a slash at the end', files: tree('"proxy:fcgi://127.0.0.1:9000/"') },
    {
      title: 'a path of the machine where PHP runs',
      files: tree('"proxy:fcgi://php:9000/app"'),
    },
    { title: 'a variable', files: tree('"proxy:unix:/run/php/%{reqenv:POOL}.sock|fcgi://localhost"') },
    { title: 'a handler of a module', files: tree('application/x-httpd-php') },
    { title: 'none', files: tree('none') },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const name of ['sethandler', 'addhandler']) {
        for (const line of everywhere(configuration, filesOf(configuration), name)) {
          const word = line.args[0]
          if (word === undefined || isUnknownWord(word.value) || /[$%]/.test(word.value)) continue
          if (name === 'sethandler' && isReplaced(configuration, line)) continue
          const fault = faultOf(configuration, word.value)
          if (fault === null) continue
          const at = argumentPlace(line, 0)
          yield {
            at,
            message: `\`${line.name}\` ${fault.message}`,
            label: fault.label,
            ...(fault.written === null
              ? {}
              : {
                  help: `Write \`${line.name} "${fault.written}"\``,
                  ...propose('Write the target as httpd reads it', 'unsafe', [
                    replacePlace(at, `"${fault.written}"`),
                  ]),
                }),
          }
        }
      }
    }
  },
})

interface Fault {
  readonly message: string
  readonly label: string
  /** What was meant; null where that is not known. */
  readonly written: string | null
}

function faultOf(configuration: ApacheConfiguration, handler: string): Fault | null {
  if (!/^proxy:/i.test(handler)) {
    const scheme = /^(?:unix:[^|]*\|\s*)?([a-z0-9]+):\/\//i.exec(handler)?.[1]?.toLowerCase()
    if (scheme === undefined || !SCHEME_MODULES.has(scheme)) return null
    return {
      message: `names the handler \`${handler}\`, which no module has, so httpd sends the source of the file: without \`proxy:\` it is no target`,
      label: 'no `proxy:`',
      written: `proxy:${handler}`,
    }
  }
  const text = handler.slice('proxy:'.length)
  const socket = /^unix:([^|]*)/i.exec(text)?.[1]
  const target = handlerTarget(handler)
  if (target === 'ignored')
    return {
      message: `names a target ${whyIgnored(text)}, so mod_proxy leaves the request alone and httpd sends the source of the file`,
      label: 'no target of mod_proxy',
      written: meant(text),
    }
  if (target === 'refused')
    return {
      message:
        'names a socket without a URL behind the `|`, and httpd answers 400: AH10292 `Invalid proxy UDS filename`',
      label: 'no `fcgi://` behind the socket',
      written: meant(text),
    }
  if (socket !== undefined && /^\s*listen\s*=|^["']/.test(socket))
    return {
      message: `names the socket \`${socket}\`, which no server makes, and httpd answers 503`,
      label: 'no path of a socket',
      written: `proxy:${text.replace(/^unix:\s*listen\s*=\s*/i, 'unix:').replace(/["']/g, '')}`,
    }
  const url = text.slice(text.indexOf('|') + 1)
  if (!/^[a-z0-9]+:\/\//i.test(url))
    return {
      message: `names \`${url}\`, which is no URL: httpd answers 400, AH01059 \`Malformed URL\``,
      label: 'no `//` behind the scheme',
      written: null,
    }
  return rootRepeated(configuration, handler, url)
}

function whyIgnored(text: string): string {
  if (/^unix:[^|]*$/i.test(text)) return 'without `|fcgi://localhost` behind its socket'
  return /\s/.test(text) ? 'with a space in it' : 'without a scheme'
}

/** The target with what it surely lacks. */
function meant(text: string): string | null {
  const bare = text.replace(/\s+/g, '')
  if (/^unix:\/[^|]*(?:\|(?:fcgi:?)?)?$/i.test(bare))
    return `proxy:${bare.replace(/\|.*$/, '')}|fcgi://localhost`
  if (/^unix:\/[^|]*\|fcgi:\/\//i.test(bare)) return `proxy:${bare}`
  return null
}

/** httpd puts the path of the file behind what is written, so that the document root comes twice. */
function rootRepeated(configuration: ApacheConfiguration, handler: string, url: string): Fault | null {
  const match = /^fcgi:\/\/(?:127\.[\d.]+|localhost|\[::1\])?(?::\d+)?(\/[^?#]+?)\/*$/i.exec(url)
  const path = match?.[1]
  if (path === undefined) return null
  const root = rootsByDirectory(configuration).get(path)
  if (root === undefined) return null
  return {
    message: `puts the path of the file behind \`${path}\`, so PHP is asked for \`${path}${root}/…\` and answers 404, \`File not found.\``,
    label: 'the document root comes twice',
    written: handler.replace(/(fcgi:\/\/[^/]*).*$/i, '$1'),
  }
}

/** The first document root at or below each directory that has one. */
const rootsByDirectory = memo(({ occurrences }: ApacheConfiguration): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const root of (occurrences.get('documentroot') ?? []).map(rootOf)) {
    if (root === null) continue
    for (let end = root.length; end > 0; end = root.lastIndexOf('/', end - 1)) {
      const directory = root.slice(0, end)
      if (!found.has(directory)) found.set(directory, root)
    }
  }
  return found
})

function rootOf({ args }: ApacheDirective): string | null {
  const [word] = args
  return word === undefined || isUnknownWord(word.value) ? null : word.value.replace(/(?<=.)\/+$/, '')
}
