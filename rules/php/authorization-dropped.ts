import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  loadsPhp,
} from '../../src/servers/apache/configuration.ts'
import { handlerTarget } from '../../src/servers/apache/queries/handler-target.ts'
import { overridesFor } from '../../src/servers/apache/queries/overrides.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import {
  directivesByHost,
  type VirtualHost,
  virtualHostOf,
} from '../../src/servers/apache/queries/virtual-hosts.ts'
import { hostCarriesAuthorization } from '../_authorization-header.ts'
import { apacheMain } from '../_examples.ts'
import { applicationIn } from './_application-in.ts'
import { authorizationReader, wordpressReader } from './_authorization-readers.ts'
import { phpPool } from './_examples.ts'

const HANDLER = conf`
  <FilesMatch "\.php$">
      SetHandler «"proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"»
  </FilesMatch>
`
const site = (lines: string, override = 'None', handler = HANDLER): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www/public
      ${handler}
      <Directory /srv/www/public>
          AllowOverride ${override}
          Require all granted
          ${lines}
      </Directory>
    `,
    ['proxy', 'proxy_fcgi', 'rewrite', 'setenvif', 'dir'],
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})
const READER = {
  'srv/www/public/index.php': conf`
    <?php
    $header = $_SERVER['HTTP_AUTHORIZATION'] ?? '';
    http_response_code(str_starts_with($header, 'Bearer ') ? 200 : 401);
  `,
}
const REPOSITORY = conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/api/public
      ${HANDLER}
      <Directory /srv/api/public>
          AllowOverride FileInfo
          Require all granted
      </Directory>
  </VirtualHost>
`
const SLIM = {
  'srv/www/public/index.php': conf`
    <?php
    use Slim\Factory\AppFactory;
    use Tuupola\Middleware\JwtAuthentication;
    $app = AppFactory::create();
    $app->add(new JwtAuthentication(['path' => '/v1', 'secret' => getenv('SECRET')]));
    $app->run();
  `,
}
const WORDPRESS = {
  'srv/www/public/index.php': '<?php\n',
  'srv/www/public/wp-login.php': '<?php\n',
  'srv/www/public/wp-config.php': "<?php\ndefine('JWT_AUTH_SECRET_KEY', getenv('JWT_SECRET'));\n",
}
const FRONT_CONTROLLER = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^ index.php [L]
`
const CARRIER = conf`
  RewriteEngine On
  RewriteCond %{HTTP:Authorization} .
  RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
`

export default defineRule({
  summary: 'PHP-FPM behind Apache never sees the Authorization header that the application reads',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Apache keeps `Authorization` from FastCGI, as from CGI, unless told otherwise; mod_php had it. `$_SERVER` has no `HTTP_AUTHORIZATION` and no `PHP_AUTH_USER`, and every client with a token or a password in that header gets 401.',
  remedy: 'Write `CGIPassAuth On` in the `<Directory>` of the scripts',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#cgipassauth'],
  bad: [
    { title: 'a token that a script reads', files: { ...site(''), ...READER } },
    {
      title: 'a package of Composer reads it, and the `.htaccess` that passes it on is not read',
      files: {
        ...site('FallbackResource /index.php'),
        'srv/www/public/index.php': '<?php\n',
        'srv/www/public/.htaccess': CARRIER,
        'srv/www/composer.json': '{"require": {"laravel/passport": "^12.0"}}\n',
      },
    },
    {
      title: 'scripts by their paths, a password, in a virtual host',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              ProxyPassMatch ^/(.*\.php)$ «fcgi://127.0.0.1:9000/srv/www/$1»
          </VirtualHost>
        `,
        'srv/www/index.php': '<?php\n$user = $_SERVER["PHP_AUTH_USER"] ?? null;\n',
      },
    },
    {
      title: 'a repository',
      files: {
        'deploy/api.conf': REPOSITORY,
        'public/index.php': READER['srv/www/public/index.php'],
        'public/.htaccess': FRONT_CONTROLLER,
      },
    },
    {
      title: 'the middleware of Slim, and a `.htaccess` for its front controller',
      files: { ...site('', 'All'), ...SLIM, 'srv/www/public/.htaccess': FRONT_CONTROLLER },
    },
    {
      title: 'a token of a request of PSR-7',
      files: {
        ...site('FallbackResource /index.php'),
        'srv/www/public/index.php': conf`
          <?php
          $token = $request->getServerParams()['HTTP_AUTHORIZATION'] ?? '';
        `,
      },
    },
    {
      title: 'an authenticator of Symfony',
      files: {
        ...site('FallbackResource /index.php'),
        'srv/www/public/index.php': '<?php\n',
        'srv/www/config/packages/security.yaml': conf`
          security:
              firewalls:
                  main:
                      http_basic:
                          realm: Shop
        `,
      },
    },
    {
      title: 'tokens of Sanctum',
      files: {
        ...site('FallbackResource /index.php'),
        'srv/www/public/index.php': '<?php\n',
        'srv/www/app/Http/Controllers/LoginController.php': conf`
          <?php
          return ['token' => $user->createToken($request->input('device'))->plainTextToken];
        `,
      },
    },
    {
      title: 'a plugin of WordPress, whose `.htaccess` is older than the line for it',
      files: { ...site('', 'All'), ...WORDPRESS, 'srv/www/public/.htaccess': FRONT_CONTROLLER },
    },
    { title: 'the same, and no `.htaccess` is read', files: { ...site(''), ...WORDPRESS } },
    {
      title: 'another virtual host passes it on',
      files: {
        'sites.conf': conf`
          <VirtualHost *:80>
              ServerName old.example.org
              DocumentRoot /srv/old
              SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
          </VirtualHost>
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www/public
              ${HANDLER}
          </VirtualHost>
        `,
        ...READER,
      },
    },
  ],
  good: [
    {
      title: 'the middleware of Slim, and another header',
      files: {
        ...site(''),
        'srv/www/public/index.php': SLIM['srv/www/public/index.php'].replace(
          "'path'",
          "'header' => 'X-Token', 'path'",
        ),
      },
    },
    {
      title: 'sessions of Sanctum, as its own example has them',
      files: {
        ...site(''),
        'srv/www/public/index.php': '<?php\n',
        'srv/www/routes/api.php': conf`
          <?php
          Route::middleware('auth:sanctum')->get('/user', fn (Request $request) => $request->user());
        `,
      },
    },
    {
      title: 'an authenticator that is for tests alone, and one that looks elsewhere',
      files: {
        ...site(''),
        'srv/www/public/index.php': '<?php\n',
        'srv/www/config/packages/security.yaml': conf`
          security:
              firewalls:
                  main:
                      access_token:
                          token_handler: App\Security\Tokens
                          token_extractors: request_body
          when@test:
              security:
                  firewalls:
                      main:
                          http_basic: ~
        `,
      },
    },
    {
      title: 'a plugin of WordPress, which writes a `.htaccess` by itself',
      files: { ...site('', 'All'), ...WORDPRESS },
    },
    {
      title: 'a repository whose `.htaccess` passes it on',
      files: {
        'deploy/api.conf': REPOSITORY,
        'public/index.php': READER['srv/www/public/index.php'],
        'public/.htaccess': CARRIER,
      },
    },
    { title: 'passed on', files: { ...site('CGIPassAuth On'), ...READER } },
    {
      title: 'set by another module',
      files: { ...site('SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1'), ...READER },
    },
    {
      title: 'passed on by `.htaccess`',
      files: { ...site('', 'All'), ...READER, 'srv/www/public/.htaccess': CARRIER },
    },
    {
      title: 'WordPress, which writes such a `.htaccess` by itself',
      files: {
        ...site('', 'All'),
        ...READER,
        'srv/www/public/wp-config.php': '<?php\n',
        'srv/www/public/wp-login.php': '<?php\n',
      },
    },
    {
      title: 'another header as well',
      files: {
        ...site(''),
        'srv/www/public/index.php': `<?php\n$token = $_SERVER['HTTP_AUTHORIZATION'] ?? $_SERVER['HTTP_X_API_KEY'] ?? '';\n`,
      },
    },
    {
      title: 'a header that the application sends',
      files: {
        ...site(''),
        'srv/www/public/index.php': `<?php\n$client->get($url, ['headers' => ['Authorization' => 'Bearer x']]);\n`,
      },
    },
    {
      title: 'a configuration of Debian’s package, which sets it, is turned on',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www/public
              ${HANDLER}
          </VirtualHost>
        `,
        'install.sh': 'a2enconf php8.2-fpm\n',
        ...READER,
      },
    },
    { title: 'nothing of PHP is known', files: site('') },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const lines = fastcgiTargets(configuration)
      if (lines.length === 0 || loadsPhp(configuration)) continue
      if (isDebianSnippetOn(deployment, configuration)) continue
      const files = deployment.filesOf(configuration)
      for (const { directive, index } of lines) {
        const host = virtualHostOf(configuration, directive)
        const written = documentRootOf(configuration, directive)
        if (written === null || hostCarriesAuthorization(configuration, host)) continue
        const root = rootInFiles(files, directive, written)
        if (root === null) continue
        const isWordPress = applicationIn(files, root) === 'WordPress'
        const reader = isWordPress ? wordpressReader(files, root) : authorizationReader(files, root)
        if (reader === null || mayCarry({ configuration, files, host, root, written, isWordPress })) continue
        yield {
          at: argumentPlace(directive, index),
          message: `\`${reader.name}\` reads the \`Authorization\` header, which Apache does not pass to FastCGI`,
          label: 'no `CGIPassAuth On`',
          related: [{ at: reader.at, message: 'read here' }],
        }
      }
    }
  },
})

interface FastcgiTarget {
  readonly directive: ApacheDirective
  /** Of the argument that names it. */
  readonly index: number
}

/** The lines by which mod_proxy_fcgi gets requests. */
function fastcgiTargets({ occurrences }: ApacheConfiguration): readonly FastcgiTarget[] {
  const found: FastcgiTarget[] = []
  for (const name of ['sethandler', 'addhandler', 'proxypass', 'proxypassmatch']) {
    for (const directive of occurrences.get(name) ?? []) {
      const index = directive.args.findIndex(({ value }) => isFastcgi(value))
      if (index !== -1) found.push({ directive, index })
    }
  }
  return found
}

function isFastcgi(value: string): boolean {
  if (!/fcgi:/i.test(value)) return false
  const target = handlerTarget(value)
  return typeof target === 'object' && target.scheme === 'fcgi'
}

/** Debian’s `php8.2-fpm.conf`, which a script of the repository may turn on, copies the header. */
function isDebianSnippetOn(deployment: Deployment, configuration: ApacheConfiguration): boolean {
  if (configuration.main !== null) return false
  return (deployment.setups() ?? []).some(({ text }) =>
    /\ba2enconf\b[^\n]*\bphp[^\n]*fpm|conf-enabled\/php[\w.]*-?fpm/.test(text),
  )
}

function documentRootOf(configuration: ApacheConfiguration, directive: ApacheDirective): string | null {
  const host = virtualHostOf(configuration, directive)
  const byHost = directivesByHost(configuration, 'documentroot')
  const line = (byHost.get(host?.directive ?? null) ?? byHost.get(null))?.at(-1)
  const root = line?.args[0]?.value
  return root?.startsWith('/') === true ? cleanPath(root) : null
}

/**
 * The same directory in the files of the audit: at its place on the machine or, in a repository, above the configuration,
 * by the name that public directories have. Null where it is in neither.
 */
function rootInFiles(files: FileSystem, { source }: ApacheDirective, root: string): string | null {
  if (files.kind(root) === 'directory') return root
  const name = posix.basename(root)
  if (!PUBLIC.test(name)) return null
  let above = source.path
  for (let level = 0; level < MOST_LEVELS && above !== '/'; level++) {
    above = posix.dirname(above)
    const own = posix.join(above, name)
    if (files.kind(`${own}/index.php`) === 'file') return own
  }
  return null
}

const PUBLIC = /^(?:public|public_html|web|webroot|www|htdocs|httpdocs)$/
const MOST_LEVELS = 5

interface Site {
  readonly configuration: ApacheConfiguration
  readonly files: FileSystem
  readonly host: VirtualHost | null
  /** In the files of the audit, and as the server has it. */
  readonly root: string
  readonly written: string
  readonly isWordPress: boolean
}

/** True where a `.htaccess` of the site passes the header on, or where its application may have written one that does. */
function mayCarry({ configuration, files, host, root, written, isWordPress }: Site): boolean {
  const own = configuration.main === null ? sourceAt(files, `${root}/.htaccess`) : null
  if (own !== null && CARRIES.test(own.text)) return true
  const read = htaccessFilesOf(configuration, files, host).filter(
    ({ overrides }) => !overrides.known || overrides.value.reads,
  )
  if (read.some(({ file }) => CARRIES.test(file.source.text))) return true
  // It writes the line by itself, since 5.6, into the file of the directory that is served.
  const has = own !== null || read.some(({ directory }) => directory === `${written}/`)
  return isWordPress && !has && readsHtaccess(configuration, host, written)
}

function readsHtaccess(configuration: ApacheConfiguration, host: VirtualHost | null, root: string): boolean {
  const levels = sectionsFor(configuration, host, { uri: '', file: `${root}/`, directory: true })
  const overrides = overridesFor(configuration, levels)
  return !overrides.known || (overrides.value.reads && !overrides.value.unset)
}

const CARRIES = /authorization|CGIPassAuth/i
