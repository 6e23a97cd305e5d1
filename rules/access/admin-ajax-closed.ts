import { posix } from 'node:path'
import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import {
  type AskedHost,
  askedHosts,
  askHost,
  urlOfDirectory,
} from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { restrictedLocations } from './_restricted-locations.ts'

const THEME = {
  'srv/www/wp-content/themes/slim/functions.php':
    "<?php\nadd_action('wp_ajax_nopriv_slim_like', 'slim_like');\n",
  'srv/www/index.php': '<?php\n',
  'srv/www/wp-admin/admin-ajax.php': '<?php\n',
}
const PHP = conf`
  location ~ \.php$ {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass 127.0.0.1:9000;
  }
`
const nginx = (lines: string, more: Record<string, string> = THEME): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      index index.php;
      ${lines}
      ${PHP}
    `),
  ),
  'etc/nginx/fastcgi_params': 'fastcgi_param REQUEST_METHOD $request_method;\n',
  ...more,
})
const guarded = (at: string, lines = ''): string => conf`
  location ${at} {
      «auth_basic» "Staff";
      auth_basic_user_file /etc/nginx/users;
      ${lines}
      ${PHP}
  }
`
const PASSWORD = conf`
  AuthType Basic
  AuthName "Staff"
  AuthUserFile /etc/apache2/users
  «Require» valid-user
`
const apache = (htaccess: string | null, lines = '', more = THEME): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      ${lines}
    `,
    ['auth_basic', 'authn_core', 'authn_file', 'authz_user', 'authz_host', 'dir'],
  ),
  'etc/apache2/users': 'staff:$apr1$x$y\n',
  ...(htaccess === null ? {} : { 'srv/www/wp-admin/.htaccess': htaccess }),
  ...more,
})

export default defineRule({
  summary: 'A password on `wp-admin` is required of every client',
  severity: 'warning',
  otherSeverities: { info: 'where no theme or plugin here requests it for anonymous clients' },
  confidence: 'medium',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Scripts of WordPress pages send their requests to `wp-admin/admin-ajax.php`, those of anonymous clients too: a search, a cart, a form. The browser prompts each of them for the password of the administrators, or the part of the page stays empty.',
  remedy: 'Leave `admin-ajax.php` open: it checks by itself who may do what',
  references: [
    'https://developer.wordpress.org/advanced-administration/security/hardening/#securing-wp-admin',
  ],
  bad: [
    { title: 'nginx: the directory', files: nginx(guarded('^~ /wp-admin/')) },
    { title: 'nginx: with the page that logs in', files: nginx(guarded('~ ^/(wp-admin|wp-login\\.php)')) },
    {
      title: 'nginx: for some addresses',
      files: nginx(conf`
        location ^~ /wp-admin {
            «allow» 198.51.100.0/24;
            deny all;
            ${PHP}
        }
      `),
    },
    { title: 'Apache: its .htaccess', files: apache(PASSWORD) },
    {
      title: 'Apache: a section of the server',
      files: apache(null, `<Directory /srv/www/wp-admin>\n${PASSWORD}\n</Directory>`),
    },
    {
      title: 'a .htaccess without the server that reads it',
      files: {
        'wp-admin/.htaccess': PASSWORD,
        'wp-content/themes/slim/functions.php': THEME['srv/www/wp-content/themes/slim/functions.php'],
      },
    },
    { title: 'of which no page here asks anything', files: nginx(guarded('^~ /wp-admin/'), {}) },
  ],
  good: [
    {
      title: 'nginx: the file is open',
      files: nginx(
        `location = /wp-admin/admin-ajax.php {\n    ${PHP.split('\n').slice(1, -2).join('\n')}\n}\n${guarded('^~ /wp-admin/')}`.replace(
          '«auth_basic»',
          'auth_basic',
        ),
      ),
    },
    {
      title: 'nginx: scripts have a location of their own',
      files: nginx(
        'location /wp-admin/ {\n    auth_basic "Staff";\n    auth_basic_user_file /etc/nginx/users;\n}',
      ),
    },
    {
      title: 'nginx: the whole site asks',
      files: nginx(
        `auth_basic "Staff";\nauth_basic_user_file /etc/nginx/users;\n${guarded('^~ /wp-admin/').replace(/[«»]/g, '')}`,
      ),
    },
    {
      title: 'Apache: the file is open',
      files: apache(
        `${PASSWORD.replace(/[«»]/g, '')}\n<Files admin-ajax.php>\n    Require all granted\n</Files>\n`,
      ),
    },
    {
      title: 'Apache: the page that logs in alone',
      files: apache(null, `<Files wp-login.php>\n${PASSWORD.replace(/[«»]/g, '')}\n</Files>`),
    },
  ],
  *check(deployment) {
    yield* byNginx(deployment)
    yield* byApache(deployment)
  },
})

const ASKED = 'admin-ajax.php'

function* byNginx(deployment: Deployment): Generator<RuleFinding> {
  for (const { server, location, rule, isAnswered } of restrictedLocations(deployment)) {
    const { directive, name } = location
    const above = /^(\/[\w./-]*)?\/wp-admin/.exec(name)?.[1] ?? ''
    if (isAnswered || !name.includes('wp-admin') || directive.source.template) continue
    const refused = askServer(deployment, server, `${above}/wp-admin/${ASKED}`)?.end
    if (refused?.kind !== 'response' || !isRefusal(refused.status)) continue
    const site = askServer(deployment, server, `${above}/index.php`)?.end
    if (site?.kind === 'response' && isRefusal(site.status)) continue
    const root = effectiveValue(server.configuration, directive, 'root', '')
    const files = deployment.filesOf(server.configuration)
    const asking =
      root.known && root.value.startsWith('/') ? askingPage(files, `${root.value}${above}`) : null
    yield finding(namePlace(rule), asking)
  }
}

function* byApache(deployment: Deployment): Generator<RuleFinding> {
  for (const asked of askedHosts(deployment)) {
    const files = deployment.filesOf(asked.configuration)
    for (const { directory, rule } of [...sectionsOf(asked.configuration), ...htaccessOf(asked, files)]) {
      const url = urlOfDirectory(asked, directory)
      if (url === null) continue
      const refused = askHost(deployment, asked, `${url}${ASKED}`).end
      if (refused.kind !== 'response' || !isRefusal(refused.status)) continue
      // A `.htaccess` alone in it says nothing of the site around.
      const site = url === '/' ? null : askHost(deployment, asked, posix.join(url, '../index.php')).end
      if (site?.kind === 'response' && isRefusal(site.status)) continue
      yield finding(namePlace(rule), askingPage(files, posix.dirname(directory.replace(/\/$/, ''))))
    }
  }
}

interface Guard {
  readonly directory: string
  readonly rule: ApacheDirective
}

/** The sections of all hosts, read once: every host may lead to each of them. */
const sectionsOf = memo((configuration: ApacheConfiguration): readonly Guard[] =>
  (configuration.occurrences.get('directory') ?? []).flatMap(section => {
    const path = section.args[0]?.value ?? ''
    const rule = section.children.find(isRequirement)
    return rule !== undefined && /\/wp-admin\/?$/.test(path) && path.startsWith('/')
      ? [{ directory: `${path.replace(/\/$/, '')}/`, rule }]
      : []
  }),
)

function htaccessOf({ configuration, host }: AskedHost, files: FileSystem): readonly Guard[] {
  return htaccessFilesOf(configuration, files, host).flatMap(({ file, directory, overrides }) => {
    if (!directory.endsWith('/wp-admin/') || !overrides.known || !overrides.value.reads) return []
    const rule = file.children.find(isRequirement)
    return rule === undefined ? [] : [{ directory, rule }]
  })
}

function isRequirement({ name }: ApacheDirective): boolean {
  return /^(?:Require(?:A(?:ll|ny))?|Deny|Order)$/i.test(name)
}

function isRefusal(status: number): boolean {
  return status === 401 || status === 403
}

function finding(at: Place, asking: Place | null): RuleFinding {
  return {
    at,
    ...(asking === null && { severity: 'info' as const }),
    message:
      'this holds for `wp-admin/admin-ajax.php` too, which the scripts of themes and plugins request for every client',
    related: asking === null ? [] : [{ at: asking, message: 'requested for clients that are not logged in' }],
  }
}

const MOST = 600

/** Where a theme or a plugin answers visitors by `admin-ajax.php`; null where none of the files does. */
const askingPage = memoByKey((files: FileSystem, site: string): Place | null => {
  let left = MOST
  for (const directory of ['themes', 'plugins', 'mu-plugins']) {
    const reach = { levels: 3, skipped: /^(?:node_modules|vendor|languages|assets)$/ }
    for (const path of filesBelow(files, `${site}/wp-content/${directory}`, reach)) {
      if (!path.endsWith('.php') || left-- <= 0) continue
      const source = sourceAt(files, path)
      const start = source?.text.indexOf('wp_ajax_nopriv_') ?? -1
      if (source !== null && start !== -1) return { source, start, end: start + 'wp_ajax_nopriv_'.length }
    }
  }
  return null
})
