import { phpCode } from '../../parsers/php/script.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { wordpressConfiguration } from './_php-sources.ts'
import { phpSites } from './_php-sites.ts'

const NETWORK = conf`
  define( 'WP_ALLOW_MULTISITE', true );
  define( '«MULTISITE»', true );
  define( 'SUBDOMAIN_INSTALL', false );
`
const config = (before: string, behind: string): string => conf`
  <?php
  define( 'DB_NAME', 'press' );
  $table_prefix = 'wp_';
  ${before}
  if ( ! defined( 'ABSPATH' ) ) {
      define( 'ABSPATH', __DIR__ . '/' );
  }
  require_once ABSPATH . 'wp-settings.php';
  ${behind}
`
const behindNginx = (before: string, behind: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/press;
      location / {
          try_files $uri $uri/ /index.php?$args;
      }
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php-fpm.sock;
      }
    `),
  ),
  'etc/nginx/fastcgi_params': 'fastcgi_param QUERY_STRING $query_string;\n',
  'srv/press/wp-config.php': config(before, behind),
})
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')

export default defineRule({
  summary: 'A constant stands behind the line that starts WordPress, which has read it by then',
  severity: 'warning',
  otherSeverities: {
    error: 'for those of a network, without which every address shows the one site',
    info: "for `$_SERVER['HTTPS']`, which is asked again later",
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: "`wp-settings.php` is the whole start of WordPress: it loads plugins and the theme, and gives every constant that is not there its own value. What `wp-config.php` defines behind that line comes too late: `MULTISITE` makes no network, `FORCE_SSL_ADMIN` and `WP_DEBUG` stay off, and the limit of memory is the one of before (`Warning: Constant WP_DEBUG already defined`). So does `$_SERVER['HTTPS']` of a site behind a proxy for all that plugins and the theme ask with `is_ssl()` while they are loaded.",
  remedy:
    "Move the lines above `/* That’s all, stop editing! */`, and so above `require_once ABSPATH . 'wp-settings.php'`",
  references: [
    'https://developer.wordpress.org/advanced-administration/wordpress/wp-config/',
    'https://developer.wordpress.org/advanced-administration/multisite/create-network/',
  ],
  unproven: 'The live tests have no WordPress',
  bad: [
    { title: 'a network', files: behindNginx('', NETWORK) },
    { title: 'TLS for the administration', files: behindNginx('', "define('«FORCE_SSL_ADMIN»', true);") },
    {
      title: 'a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^index\.php$ - [L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule . /index.php [L]
        `,
        'wp-config.php': config('', NETWORK),
      },
    },
    {
      title: 'a limit of memory',
      files: behindNginx('', 'if (!defined("WP_MEMORY_LIMIT")) define("«WP_MEMORY_LIMIT»", "256M");'),
    },
    {
      title: 'the scheme behind a proxy',
      files: behindNginx(
        '',
        conf`
          if ( 'https' === $_SERVER['HTTP_X_FORWARDED_PROTO'] ) {
              «$_SERVER['HTTPS']» = 'on';
          }
        `,
      ),
    },
  ],
  good: [
    {
      title: 'the scheme in front of it',
      files: behindNginx(
        conf`
          if ( 'https' === $_SERVER['HTTP_X_FORWARDED_PROTO'] ) {
              $_SERVER['HTTPS'] = 'on';
          }
        `,
        "if ($_SERVER['HTTPS'] == 'on') { header('X-Shop: 1'); }",
      ),
    },
    { title: 'in front of it', files: behindNginx(plain(NETWORK), '') },
    { title: 'a comment', files: behindNginx('', "// define( 'MULTISITE', true );") },
    {
      title: 'what is asked at every use',
      files: behindNginx('', "define( 'FS_METHOD', 'direct' );\ndefine( 'DISALLOW_FILE_MODS', true );"),
    },
    {
      title: 'what WordPress asks at the end of each request, since 6.9',
      files: behindNginx('', "define( 'DISABLE_WP_CRON', true );"),
    },
    {
      title: 'a file that starts nothing',
      files: { ...behindNginx('', ''), 'srv/press/wp-config.php': `<?php\n${plain(NETWORK)}` },
    },
  ],
  *check(deployment) {
    for (const source of new Set(configurations(deployment))) {
      if (source.template) continue
      const code = phpCode(source)
      const start = STARTS.exec(code)
      if (start === null) continue
      const late = [...code.slice(start.index).matchAll(DEFINED)].map(match => {
        const begin = start.index + match.index + match[0].length - match[1]!.length
        return { name: match[1]!, at: { source, start: begin, end: begin + match[1]!.length } }
      })
      const found = late.find(({ name }) => name === 'MULTISITE') ?? late[0]
      if (found === undefined) {
        yield* lateScheme(source, code, start)
        continue
      }
      yield {
        at: found.at,
        ...(found.name === 'MULTISITE' && { severity: 'error' as const }),
        message: `WordPress has started by then, and \`${found.name}\` changes nothing any more${found.name === 'MULTISITE' ? ', so every address of the network shows the one site' : ''}`,
        label: 'too late',
        related: [
          {
            at: { source, start: start.index, end: start.index + start[0].length },
            message: 'WordPress starts here',
          },
        ],
      }
    }
  },
})

/** The scheme of the client, which plugins have asked for by then. */
function* lateScheme(source: Source, code: string, start: RegExpExecArray): Iterable<RuleFinding> {
  const behind = start.index + start[0].length
  const found = /\$_SERVER\[\s*['"]HTTPS['"]\s*\](?=\s*=[^=])/.exec(code.slice(behind))
  if (found === null) return
  const begin = behind + found.index
  yield {
    at: { source, start: begin, end: begin + found[0].length },
    severity: 'info',
    message:
      'WordPress has started by then, and has loaded plugins and the theme as if the client spoke plain HTTP',
    label: 'too late for what they ask `is_ssl()` for',
    related: [{ at: { source, start: start.index, end: behind }, message: 'WordPress starts here' }],
  }
}

/** The configuration of every WordPress that a server of the deployment answers with. */
function* configurations(deployment: Deployment): Iterable<Source> {
  for (const { files, root } of phpSites(deployment)) {
    const source = wordpressConfiguration(files, root)
    if (source !== null) yield source
  }
  for (const configuration of deployment.apache) {
    const files = deployment.filesOf(configuration)
    for (const { directory } of htaccessFiles(configuration, files)) {
      const source = wordpressConfiguration(files, cleanPath(directory))
      if (source !== null) yield source
    }
  }
}

const STARTS = /\b(?:require|include)(?:_once)?\b[^;\n]*wp-settings\.php/
/** Those that `wp-settings.php` itself reads, or gives a value of its own. */
const DEFINED =
  /\b(?:define\s*\(\s*['"]|const\s+)(MULTISITE|SUBDOMAIN_INSTALL|(?:DOMAIN|PATH|SITE_ID|BLOG_ID)_CURRENT_SITE|SUNRISE|WP_DEBUG(?:_LOG|_DISPLAY)?|SCRIPT_DEBUG|WP_CACHE|WP_(?:MAX_)?MEMORY_LIMIT|WP_(?:CONTENT|PLUGIN)_DIR|FORCE_SSL_ADMIN|WP_POST_REVISIONS|AUTOSAVE_INTERVAL|EMPTY_TRASH_DAYS|COOKIE_DOMAIN)(?=['"]|\s*=)/g
