import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheSite } from '../_examples.ts'
import { restrictedScripts } from './_restricted-scripts.ts'

const MODULES = [
  'proxy',
  'proxy_http',
  'proxy_fcgi',
  'authn_core',
  'authn_file',
  'auth_basic',
  'authz_user',
  'authz_host',
  'rewrite',
  'headers',
  'dir',
]
const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheSite(lines, MODULES),
  'etc/apache2/staff': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0',
  'srv/www/index.html': 'page',
})
const PASSWORD = conf`
  AuthType Basic
  AuthName Staff
  AuthUserFile /etc/apache2/staff
`
const directory = (require: string): string => conf`
  <Directory /srv/www>
      ${PASSWORD}
      ${require}
  </Directory>
`
const MEMBERS = conf`
  ${PASSWORD}
  «Require valid-user»
`
const FCGI = 'ProxyPassMatch ^/(.*\\.php(/.*)?)$ fcgi://127.0.0.1:8080/srv/www/$1'
const scripts = (lines: string): Record<string, string> => ({
  ...main(conf`
    <Directory /srv/www>
        AllowOverride AuthConfig
        Require all granted
    </Directory>
    ${lines}
  `),
  'srv/www/members/.htaccess': MEMBERS,
  'srv/www/members/list.php': '<?php',
})
const PASS = 'ProxyPass / http://127.0.0.1:8080/'

export default defineRule({
  summary: 'A section for files, and the requests are proxied',
  severity: 'error',
  otherSeverities: {
    warning: 'where the section has no access rule, but headers; where it denies one script to everybody',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [288],
  since: '0.1.0',
  why: '`<Directory>`, `<Files>` and a `.htaccess` hold for files. What `ProxyPass`, `ProxyPassMatch` or a `RewriteRule` with `[P]` of the server takes has none: Apache asks for no password, and sends no header of such a section.',
  remedy:
    'Write `<Location>` or `<LocationMatch>` in its place, or `<Proxy>`; PHP by `SetHandler` obeys `<Directory>`',
  references: [
    'https://httpd.apache.org/docs/2.4/sections.html#proxy',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html#examples',
  ],
  bad: [
    {
      title: 'a password',
      files: main(conf`
        ${directory('«Require» valid-user')}
        ${PASS}
      `),
    },
    {
      title: 'a password that PHP escapes',
      files: main(conf`
        ${directory('«Require» valid-user')}
        ProxyPassMatch ^/(.*\.php)$ fcgi://127.0.0.1:8080/srv/www/$1
      `),
    },
    {
      title: 'a password for one directory of what is proxied',
      files: main(conf`
        <Directory /srv/www/admin>
            ${PASSWORD}
            «Require» valid-user
        </Directory>
        ProxyPass /static/ !
        ${PASS}
      `),
    },
    {
      title: 'a .htaccess of which PHP-FPM knows nothing',
      files: scripts(FCGI),
    },
    {
      title: 'a .htaccess, and a rule that proxies',
      files: scripts(conf`
        RewriteEngine On
        RewriteRule ^/(.+\.php)$ http://127.0.0.1:8080/$1 [P]
      `),
    },
    {
      title: 'a .htaccess above everything that is proxied',
      files: {
        ...scripts(PASS),
        'srv/www/.htaccess': MEMBERS,
        'srv/www/members/.htaccess': 'Options -Indexes',
      },
    },
    {
      title: 'a directory of scripts',
      files: main(conf`
        ${FCGI}
        <Directory /srv/www/admin>
            ${PASSWORD}
            «Require valid-user»
        </Directory>
      `),
    },
    {
      title: 'a site whose main file is not here',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              <Directory /srv/www/admin>
                  ${PASSWORD}
                  «Require valid-user»
              </Directory>
              ${FCGI}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'one script that is denied',
      files: main(conf`
        ${FCGI}
        <Files xmlrpc.php>
            «Require all denied»
        </Files>
      `),
    },
    {
      title: 'headers',
      files: main(conf`
        ${PASS}
        <«FilesMatch» "\.(css|js)$">
            Header set Cache-Control "max-age=600"
        </FilesMatch>
      `),
    },
  ],
  good: [
    {
      title: 'sections for URLs',
      files: main(conf`
        <Location />
            ${PASSWORD}
            Require valid-user
        </Location>
        <LocationMatch "\.(css|js)$">
            Header set Cache-Control "max-age=600"
        </LocationMatch>
        ${PASS}
      `),
    },
    {
      title: 'some files are no matter of the proxy',
      files: main(conf`
        ${directory('Require valid-user')}
        <FilesMatch "\.(css|js)$">
            Header set Cache-Control "max-age=600"
        </FilesMatch>
        ProxyPass /static !
        ${PASS}
      `),
    },
    {
      title: 'a directory that the proxy does not get, and one whose URL asks too',
      files: main(conf`
        <Directory /srv/www/admin>
            ${PASSWORD}
            Require valid-user
        </Directory>
        <Directory /srv/www/staff>
            ${PASSWORD}
            Require valid-user
        </Directory>
        <Location /staff>
            ${PASSWORD}
            Require valid-user
        </Location>
        ProxyPass /admin/ !
        ${PASS}
      `),
    },
    {
      title: 'a directory that is granted to all',
      files: main(conf`
        <Directory /srv/www>
            Require all granted
        </Directory>
        ${PASS}
      `),
    },
    {
      title: 'the password is asked for the URL too',
      files: main(conf`
        ${directory('Require valid-user')}
        <Location />
            ${PASSWORD}
            Require valid-user
        </Location>
        ${PASS}
      `),
    },
    {
      title: 'PHP by a handler',
      files: main(conf`
        ${directory('Require valid-user')}
        <FilesMatch "\.php$">
            SetHandler "proxy:fcgi://127.0.0.1:8080"
        </FilesMatch>
      `),
    },
    {
      title: 'a .htaccess, and PHP by a handler',
      files: scripts(conf`
        <FilesMatch "\.php$">
            SetHandler "proxy:fcgi://127.0.0.1:8080"
        </FilesMatch>
      `),
    },
    {
      title: 'a .htaccess, and the URL asks for the password too',
      files: scripts(conf`
        ${FCGI}
        <Location /members>
            ${PASSWORD}
            Require valid-user
        </Location>
      `),
    },
    {
      title: 'scripts that are included, a .htaccess that is not read, and one without scripts',
      files: {
        ...scripts(FCGI),
        'srv/www/members/.htaccess': 'Require all denied',
        'srv/www/pictures/.htaccess': MEMBERS,
        'srv/www/pictures/a.png': 'a',
      },
    },
    {
      title: 'a section for URLs alone',
      files: main(conf`
        <LocationMatch "\.(css|js)$">
            Header set Cache-Control "max-age=600"
        </LocationMatch>
        ${PASS}
      `),
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['proxypass', 'proxypassmatch', 'rewriterule'])) {
      const { configuration, host } = asked
      yield* scriptsPassed(deployment, asked)
      const parent = host?.directive ?? null
      const sections = ['directory', 'files', 'filesmatch'].flatMap(name =>
        directivesIn(configuration, parent, name),
      )
      if (!sections.some(isOfWeight)) continue
      yield* directoriesBelow(deployment, asked, sections)
      const excepts = [parent, null].some(section =>
        directivesIn(configuration, section, 'proxypass').some(({ args }) =>
          args.some(({ value }) => value === '!'),
        ),
      )
      if (excepts) continue
      const root = directivesIn(configuration, parent, 'documentroot').at(-1)?.args[0]?.value
      const whole = passedBy(deployment, asked, `/${MISSING}.css`)
      if (root !== undefined) {
        const by = whole ?? passedBy(deployment, asked, `/${MISSING}.php`)
        const section = sections.find(
          ({ name, args }) =>
            name.toLowerCase() === 'directory' && withoutSlash(args[0]?.value ?? '') === withoutSlash(root),
        )
        const line = by === null || section === undefined ? null : restrictionIn(section)
        if (by !== null && line !== null)
          yield {
            at: namePlace(line),
            message: `nobody asks this of what \`${by.name}\` takes${whole === null ? ', `.php` that is' : ''}: such a request has no file`,
            related: [{ at: argumentPlace(by, 0), message: 'takes the request' }],
          }
      }
      if (whole === null || directivesIn(configuration, parent, 'alias').length > 0) continue
      for (const section of sections) {
        if (section.name.toLowerCase() === 'directory' || !isOfWeight(section)) continue
        yield {
          at: namePlace(section),
          severity: restrictionIn(section) === null ? ('warning' as const) : ('error' as const),
          message: `\`${whole.name}\` takes every request, so none has a file, and this section never holds`,
          related: [{ at: argumentPlace(whole, 0), message: 'takes the request' }],
        }
      }
    }
  },
})

/** Scripts that are proxied, though not everybody may ask for them. */
function* scriptsPassed(deployment: Deployment, asked: AskedHost): Iterable<RuleFinding> {
  for (const { url, at, isDenied, ofHtaccess } of restrictedScripts(deployment, asked)) {
    const by = passedBy(deployment, asked, url)
    if (by === null) continue
    // Sections of a directory that is proxied as a whole are looked at by themselves.
    if (!ofHtaccess && passedBy(deployment, asked, url.replace(/\.php$/, '.css')) === by) continue
    const shown = url.replace(`${MISSING}.php`, '*.php')
    yield {
      at,
      ...(isDenied && { severity: 'warning' as const }),
      message: `nobody asks this of \`${shown}\`, which \`${by.name}\` takes: such a request has no file`,
      related: [{ at: argumentPlace(by, 0), message: 'takes the request' }],
    }
  }
}

/** Directories below the document root that restrict who may come, and whose URLs are proxied. */
function* directoriesBelow(
  deployment: Deployment,
  asked: AskedHost,
  sections: readonly ApacheDirective[],
): Iterable<RuleFinding> {
  for (const section of sections) {
    const path = section.args[0]?.value ?? ''
    const line = restrictionIn(section)
    if (section.name.toLowerCase() !== 'directory' || line === null || !isSettled(path) || /[*?[]/.test(path))
      continue
    const url = urlOfDirectory(asked, path)
    if (url === null || url === '/') continue
    const by = passedBy(deployment, asked, `${url}${MISSING}`)
    if (by === null || passedBy(deployment, asked, `${url}${MISSING}.css`) !== by) continue
    yield {
      at: namePlace(line),
      message: `nobody asks this of \`${url}\`, which \`${by.name}\` takes: such a request has no file`,
      related: [{ at: argumentPlace(by, 0), message: 'takes the request' }],
      help: `Write \`<Location ${url.replace(/\/$/, '')}>\``,
    }
  }
}

/** The line that takes a request of an anonymous client; null where none surely does. */
function passedBy(deployment: Deployment, asked: AskedHost, target: string): ApacheDirective | null {
  const { end, steps } = askHost(deployment, asked, target)
  if (steps.some(({ kind }) => kind === 'doubt')) return null
  const by = end.kind === 'pass' ? end.directive : null
  return by !== null && /^(?:ProxyPass(?:Match)?|RewriteRule)$/i.test(by.name) ? by : null
}

/** True for a section that keeps somebody out, or sends a header. */
function isOfWeight(section: ApacheDirective): boolean {
  const sends = section.children.some(({ name }) => /^(?:header|expires\w+)$/i.test(name))
  return restrictionIn(section) !== null || (sends && section.name.toLowerCase() !== 'directory')
}

/** What asks for a password or an address, directly in a section. */
function restrictionIn({ children }: ApacheDirective): ApacheDirective | null {
  const require = children.find(({ name }) => name.toLowerCase() === 'require')
  const first = require?.args[0]?.value.toLowerCase() ?? ''
  return require !== undefined && /^(?:valid-user|user|group|ip|host|local)$/.test(first) ? require : null
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}
