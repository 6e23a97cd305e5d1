import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isStandIn } from '../../../../parsers/text/stand-in.ts'
import { conf } from '../../../../src/engine/conf.ts'
import type { ApacheConfiguration } from '../../../../src/servers/apache/configuration.ts'
import { deploymentsOf } from '../../../rules/audit-files.ts'

type Texts = Readonly<Record<string, string>>

const SITE = conf`
  <VirtualHost *:80>
      DocumentRoot /srv/www
  </VirtualHost>
`
const image = (...steps: readonly string[]): Texts => ({
  Dockerfile: ['FROM php:8.3-apache', ...steps, ''].join('\n'),
  'site.conf': SITE,
  'index.php': '<?php',
})
const TO_DEFAULT = 'COPY site.conf /etc/apache2/sites-available/000-default.conf'

/** The server that reads the main file of Debian's package; undefined where none does. */
function serverOf(texts: Texts): ApacheConfiguration | undefined {
  return deploymentsOf(texts)
    .flatMap(({ apache }) => apache)
    .find(({ main }) => main?.path.endsWith('/apache2.conf') === true)
}

/** The files that decide what a site is, by their names. */
function sitesOf(texts: Texts): readonly string[] | null {
  const server = serverOf(texts)
  return (
    server?.sources.flatMap(source =>
      isStandIn(source) ? (/sites-.*/.exec(source.path)?.[0] ?? []) : source.path.slice(1),
    ) ?? null
  )
}

const OF_IMAGE = ['sites-available/000-default.conf']

test('a site is read where Apache includes it', () => {
  assert.equal(sitesOf(image(TO_DEFAULT)), ['site.conf'])
  assert.equal(sitesOf(image('COPY site.conf /etc/apache2/sites-enabled/')), [...OF_IMAGE, 'site.conf'])
  const asShop = 'COPY site.conf /etc/apache2/sites-available/shop.conf'
  assert.equal(sitesOf(image(asShop, 'RUN a2ensite shop')), [...OF_IMAGE, 'site.conf'])
  assert.equal(sitesOf(image(asShop, 'RUN a2dissite 000-default.conf && a2ensite -q shop.conf')), [
    'site.conf',
  ])
  assert.equal(sitesOf(image("RUN a2dissite '*' && a2ensite shop", asShop)), ['site.conf'])
  assert.equal(sitesOf(image('RUN rm /etc/apache2/sites-enabled/*', asShop, 'RUN a2ensite shop')), [
    'site.conf',
  ])
  assert.equal(sitesOf(image(asShop, 'RUN ln -s ../sites-available/shop.conf /etc/apache2/sites-enabled/')), [
    ...OF_IMAGE,
    'site.conf',
  ])
  assert.equal(sitesOf(image(asShop)), OF_IMAGE)
})

test('a container reads what is mounted', () => {
  const mounted = (...volumes: readonly string[]): Texts => ({
    'compose.yaml': conf`
      services:
        web:
          image: php:8.3-apache
          volumes: [${volumes.join(', ')}]
    `,
    'site.conf': SITE,
    'sites/a.conf': SITE,
  })
  assert.equal(sitesOf(mounted('./site.conf:/etc/apache2/sites-available/000-default.conf:ro')), [
    'site.conf',
  ])
  assert.equal(sitesOf(mounted('./sites:/etc/apache2/sites-enabled')), ['sites/a.conf'])
  for (const unknown of ['sites:/etc/apache2/sites-enabled', './absent:/etc/apache2/conf-enabled'])
    assert.equal(sitesOf(mounted('./site.conf:/etc/apache2/sites-enabled/site.conf', unknown)), null, unknown)
})

test('modules are those of the image and of its steps', () => {
  const has = (texts: Texts, ...names: readonly string[]): readonly boolean[] => {
    const server = serverOf(texts)
    assert.ok(server?.modulesComplete === true)
    return names.map(name => server.modules.has(`${name}_module`))
  }
  assert.equal(has(image(TO_DEFAULT), 'rewrite', 'php', 'mpm_prefork', 'mpm_event', 'status'), [
    ...[false, true, true, false, true],
  ])
  assert.equal(has(image(TO_DEFAULT, 'RUN a2enmod rewrite && a2dismod -f status'), 'rewrite', 'status'), [
    ...[true, false],
  ])
  assert.equal(has(image(TO_DEFAULT, 'RUN a2enmod proxy_http ssl'), 'proxy', 'socache_shmcb'), [true, true])
  assert.equal(
    has(image(TO_DEFAULT, 'RUN ln -s ../mods-available/headers.load /etc/apache2/mods-enabled'), 'headers'),
    [true],
  )
  assert.equal(
    has({ ...image(TO_DEFAULT), Dockerfile: `FROM php:7.4-apache\n${TO_DEFAULT}\n` }, 'php7', 'php'),
    [true, false],
  )
  const installed = (packages: string, steps = ''): Texts => ({
    ...image(),
    Dockerfile: conf`
      FROM debian:bookworm
      RUN apt-get update && apt-get install -y ${packages}
      ${steps}
      ${TO_DEFAULT}
      CMD ["apachectl", "-D", "FOREGROUND"]
    `,
  })
  assert.equal(has(installed('apache2 libapache2-mod-wsgi-py3'), 'wsgi', 'mpm_event', 'php'), [
    true,
    true,
    false,
  ])
  assert.equal(has(installed('libapache2-mod-php8.2'), 'php', 'mpm_prefork', 'mpm_event'), [
    true,
    true,
    false,
  ])
  assert.equal(has(installed('apache2', 'RUN a2enmod cgi'), 'cgid', 'cgi'), [true, false])
  assert.is(serverOf(installed('nginx')), undefined)
})

test('a directive of a module that no step enables is one that Apache refuses', () => {
  const problems = (...steps: readonly string[]): readonly string[] =>
    (
      serverOf({
        ...image(TO_DEFAULT, ...steps),
        'site.conf': '<VirtualHost *:80>\nHeader set A b\n</VirtualHost>\n',
      })?.problems ?? []
    ).map(({ code }) => code)
  assert.equal(problems(), ['module-not-loaded'])
  assert.equal(problems('RUN a2enmod headers'), [])
})

test('a file of the image is what its steps make of it', () => {
  const line = (steps: readonly string[], name: string): readonly string[] => {
    const found = serverOf(image(...steps, 'COPY index.php /var/www/html/'))?.occurrences.get(name) ?? []
    return found.map(({ args }) => args.map(({ value }) => value).join(' '))
  }
  assert.equal(line(["RUN sed -ri -e 's!80!8080!g' /etc/apache2/ports.conf"], 'listen'), ['8080'])
  assert.equal(line(['RUN echo "Listen 8001" > /etc/apache2/ports.conf'], 'listen'), ['8001'])
  assert.equal(line(['RUN echo "Listen 8001" >> /etc/apache2/ports.conf'], 'listen'), ['80', '8001'])
  assert.equal(line(["RUN echo 'Listen 8001' | tee -a /etc/apache2/ports.conf"], 'listen'), ['80', '8001'])
  assert.equal(
    line(
      ["RUN { echo 'Listen 81'; echo 'Listen 82'; } > $APACHE_CONFDIR/conf-available/a.conf; a2enconf a"],
      'listen',
    ),
    ['80', '81', '82'],
  )
  const ROOT = 'ENV APACHE_DOCUMENT_ROOT=/srv/public'
  const sed = (quote: string): string =>
    `RUN sed -ri -e ${quote}s!/var/www/html!$\{APACHE_DOCUMENT_ROOT}!g${quote} /etc/apache2/sites-available/*.conf`
  assert.equal(line([ROOT, sed("'")], 'documentroot'), ['/srv/public'])
  assert.equal(line([ROOT, sed('"')], 'documentroot'), ['/srv/public'])
  assert.equal(line(["RUN sed -i 's/html/a/' /etc/apache2/sites-enabled/000-default.conf"], 'documentroot'), [
    '/var/www/a',
  ])
})

test('nothing is said where nobody knows what Apache reads', () => {
  for (const step of [
    'RUN ./setup.sh',
    'RUN cp a.conf /etc/apache2/conf-enabled/',
    'RUN sed -i "s/a/b/" /etc/apache2/sites-available/000-default.conf',
    'RUN sed -i "/x/d" /etc/apache2/apache2.conf',
    'RUN a2enmod $MODULES',
    'RUN curl -s https://example.org/a.conf > /etc/apache2/conf-enabled/a.conf',
    'RUN echo "Listen $PORT" > /etc/apache2/ports.conf',
    'COPY --from=other /etc/apache2 /etc/apache2',
    'COPY absent.conf /etc/apache2/conf-enabled/',
    'ENTRYPOINT ["/start"]',
    'CMD ["supervisord"]',
    'CMD ["bash", "-c", "a2enmod rewrite && apache2-foreground"]',
  ])
    assert.is(serverOf(image(TO_DEFAULT, step)), undefined, step)
  for (const step of [
    'RUN docker-php-ext-install pdo_mysql && rm -rf /var/lib/apt/lists/*',
    'RUN chown -R www-data:www-data /etc/apache2 /var/www',
    'RUN echo "ServerName localhost" >> /etc/apache2/apache2.conf',
    'COPY --from=composer:2 /usr/bin/composer /usr/bin/composer',
    'CMD ["apache2-foreground"]',
    'RUN sed -i "s/a/b/" /usr/local/etc/php/php.ini',
  ])
    assert.ok(serverOf(image(TO_DEFAULT, step)) !== undefined, step)
})

test('what a start script does before is done to the files', () => {
  const started = (script: string, ...steps: readonly string[]): ApacheConfiguration | undefined =>
    serverOf({
      ...image(
        TO_DEFAULT,
        ...steps,
        'COPY start.sh /start.sh',
        'ENTRYPOINT ["/sbin/tini", "--", "/start.sh"]',
      ),
      'start.sh': `#!/bin/sh\nset -e\n${script}\nexec apache2-foreground\n`,
    })
  const has = (script: string, name: string, ...steps: readonly string[]): boolean | undefined =>
    started(script, ...steps)?.modules.has(`${name}_module`)
  assert.is(has('a2enmod rewrite', 'rewrite'), true)
  assert.is(has('. /etc/apache2/envvars\na2dismod -f status', 'status'), false)
  assert.is(
    has('mkdir -p /var/www/cache\nif [ -n "$A" ]; then\n  chown www-data /etc/apache2\nfi', 'rewrite'),
    false,
  )
  assert.is(has('echo "Listen 8001" > /etc/apache2/ports.conf', 'rewrite'), false)
  // What a condition decides over is there or not; of everything else all is known.
  const toggled = 'if [ -f /certs/a.pem ]; then\n  a2enmod ssl\nelse\n  a2dismod ssl\nfi'
  assert.equal(
    [toggled, toggled.replaceAll('ssl', 'headers')].map(script =>
      started(script)?.problems.map(({ code }) => code),
    ),
    [[], []],
  )
  assert.is(
    started(toggled)?.sources.some(({ branches }) => branches.length > 0),
    true,
  )
  for (const unknown of [
    'if [ -n "$A" ]; then\n  sed -i "s/80/81/" /etc/apache2/ports.conf\nfi',
    'for name in a b; do\n  a2enmod "$name"\ndone',
    'set_up() {\n  cp /a.conf /etc/apache2/conf-enabled/\n}\nset_up',
    '. /setup.sh',
    'a2enmod $MODULES',
  ])
    assert.is(started(unknown), undefined, unknown)
})

test('the server of an image without a site reads the .htaccess files in it', () => {
  const { Dockerfile = '' } = image('COPY src /var/www/html')
  const texts = { Dockerfile, 'src/.htaccess': 'ExpiresActive On\n', 'src/index.php': '' }
  const deployments = deploymentsOf(texts)
  assert.equal(sitesOf(texts), OF_IMAGE)
  // And no other server stands for the one that does.
  assert.is(deployments.filter(({ apache }) => apache.length > 0).length, 1)
})

test.run()
