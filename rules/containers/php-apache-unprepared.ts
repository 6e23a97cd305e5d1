import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { filesInside } from '../../src/deployment/containers/read-containers.ts'
import { placeText } from '../../parsers/text/source.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type RunImage, runImages } from './_images.ts'
import { enabledModules, htaccessOf, sitesOf, unguarded } from './_php-apache-modules.ts'
import { buildSteps } from './_started-words.ts'

const HTACCESS = conf`
  <IfModule mod_rewrite.c>
      RewriteEngine On
      RewriteCond %{REQUEST_FILENAME} !-f
      RewriteRule ^ index.php [L]
  </IfModule>
`
const tree = (lines: string, from = 'FROM php:8.3-apache'): Record<string, string> => ({
  Dockerfile: conf`
    ${from}
    ${lines}
    COPY . /var/www/html
  `,
  '.htaccess': HTACCESS,
  'index.php': '<?php\n',
})

/** An image with these lines and a site. */
const vhost = (from: string, lines: string): Record<string, string> => ({
  Dockerfile: conf`
    ${from}
    COPY site.conf /etc/apache2/sites-available/000-default.conf
    COPY . /var/www/html
  `,
  'site.conf': conf`
    <VirtualHost *:80>
        DocumentRoot /var/www/html
        ${lines}
    </VirtualHost>
  `,
  'index.php': '<?php\n',
})

export default defineRule({
  summary: 'The image of PHP with Apache is not prepared for what the application needs of Apache',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: "Apache in `php:…-apache` does not load mod_rewrite: of a `.htaccess` with `<IfModule mod_rewrite.c>` nothing holds, and every page but the first is 404; without the section each request is 500, `Invalid command 'RewriteEngine'`. Its document root is `/var/www/html`, and nothing reads a variable `APACHE_DOCUMENT_ROOT`: the one of the documentation is filled in by two `sed` of its example, without which the whole project is served, `.env` included.",
  remedy:
    'Write `RUN a2enmod rewrite`, and change the document root in the files of Apache as the documentation of the image does',
  references: [
    'https://github.com/docker-library/docs/blob/master/php/README.md#apache-with-a-dockerfile',
    'https://github.com/docker-library/docs/blob/master/php/README.md#changing-documentroot-or-other-apache-configuration',
  ],
  unproven: 'The live tests start no containers: what is in an image, no loopback shows',
  bad: [
    { title: 'rewriting that is not loaded', files: tree('', '«FROM» php:8.3-apache') },
    {
      title: 'in a compose file',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: «php:8.3-apache»
              ports: ["80:80"]
              volumes: ["./src:/var/www/html"]
        `,
        'src/.htaccess': HTACCESS.replace(/<.*>\n/g, ''),
      },
    },
    {
      title: 'a document root that nothing reads',
      files: tree('RUN a2enmod rewrite headers\nENV «APACHE_DOCUMENT_ROOT=/var/www/html/public»'),
    },
    {
      title: 'a document root of the compose file',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              ports: ["80:80"]
              environment:
                «APACHE_DOCUMENT_ROOT: /var/www/html/public»
        `,
        ...tree('RUN a2enmod rewrite'),
      },
    },
    {
      title: 'a module of which the virtual host has a directive',
      files: {
        ...vhost('«FROM» php:8.3-apache', 'Header always set X-Frame-Options DENY'),
      },
    },
    {
      title: 'a module of a `.htaccess`',
      files: { ...tree('', '«FROM» php:8.3-apache'), '.htaccess': 'ExpiresActive On\n' },
    },
    {
      title: 'two modules, of which one is enabled',
      files: {
        ...vhost(
          '«FROM» php:8.3-apache\nRUN a2enmod proxy',
          'ProxyPass /api http://api:8000/\nRemoteIPHeader X-Forwarded-For',
        ),
      },
    },
  ],
  good: [
    {
      title: 'a directive for where its module is loaded',
      files: vhost('FROM php:8.3-apache', '<IfModule mod_headers.c>\nHeader set X-A b\n</IfModule>'),
    },
    {
      title: 'modules of the image, and one that another brings with it',
      files: vhost(
        'FROM php:8.3-apache\nRUN a2enmod proxy_http headers',
        'SetEnvIf Host . a=b\nProxyPass /api http://api:8000/',
      ),
    },
    {
      title: 'a site that nothing enables',
      files: {
        ...vhost('FROM php:8.3-apache', 'Header set X-A b'),
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY site.conf /etc/apache2/sites-available/shop.conf
          COPY . /var/www/html
        `,
      },
    },
    {
      title: 'a file that loads it',
      files: {
        ...vhost('FROM php:8.3-apache', 'Header set X-A b'),
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY headers.conf /etc/apache2/conf-enabled/
          COPY site.conf /etc/apache2/sites-available/000-default.conf
          COPY . /var/www/html
        `,
        'headers.conf': 'LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\n',
      },
    },
    { title: 'loaded', files: tree('RUN docker-php-ext-install pdo_mysql && a2enmod headers rewrite') },
    { title: 'an image that does it', files: tree('', 'FROM wordpress:6-apache') },
    {
      title: 'the link itself',
      files: tree('RUN ln -s ../mods-available/rewrite.load /etc/apache2/mods-enabled/'),
    },
    { title: 'a script that may do it', files: tree('COPY setup.sh /setup.sh\nRUN /setup.sh') },
    {
      title: 'no rewriting',
      files: { ...tree(''), '.htaccess': 'Options -Indexes\n' },
    },
    {
      title: 'the document root of the documentation',
      files: tree(
        conf`
        RUN a2enmod rewrite
        ENV APACHE_DOCUMENT_ROOT=/var/www/html/public
        RUN sed -ri -e 's!/var/www/html!$\{APACHE_DOCUMENT_ROOT}!g' /etc/apache2/sites-available/*.conf
      `.replace('$\\{', '${'),
      ),
    },
    {
      title: 'a virtual host that reads the variable',
      files: {
        ...tree(
          'RUN a2enmod rewrite\nENV APACHE_DOCUMENT_ROOT=/var/www/html/public\nCOPY site.conf /etc/apache2/sites-available/000-default.conf',
        ),
        'site.conf': conf`
          <VirtualHost *:80>
              DocumentRoot \${APACHE_DOCUMENT_ROOT}
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const run of runImages(deployment)) {
      if (!/^php:\S*apache/.test(run.reference ?? '')) continue
      const service = run.machine.container?.service
      if (service?.complete === false || (service != null && service.build !== null && run.image === null))
        continue
      const source = run.image?.stage.at.source ?? service?.at.source
      if (source === undefined || seen.has(source) || mayBePrepared(run)) continue
      if (run.image !== null) seen.add(source)
      yield* rewriteMissing(run)
      yield* modulesMissing(run)
      yield* rootUnread(run)
    }
  },
})

/** A script of the project, another stage or a volume may bring anything. */
function mayBePrepared({ image, machine: { container }, mounts, command }: RunImage): boolean {
  if (command === undefined || (command !== null && !/apache2-foreground$/.test(command.words[0] ?? '')))
    return true
  if ((container?.service.volumesFrom.length ?? 0) > 0) return true
  if (mounts.some(({ target }) => /^\/etc\/apache2(?:\/mods-enabled.*)?$|^\/etc\/?$/.test(target)))
    return true
  return (image?.steps ?? []).some(step =>
    'sources' in step
      ? !step.target.known ||
        (step.from !== null && /^\/(?:etc|usr)?(?:\/apache2.*)?\/?$/.test(step.target.value)) ||
        step.sources.some(file => !file.known)
      : /\.sh\b|\$\(|\bansible\b/.test(commandText(step.command)),
  )
}

function* rewriteMissing(run: RunImage): Iterable<RuleFinding> {
  const steps = buildSteps(run).join('\n')
  if (/a2enmod\b[^;&|\n]*(?:rewrite|\$|\*)|rewrite\.load|mod_rewrite\.so/.test(steps)) return
  if (run.mounts.some(({ path, target }) => brings(run, path, target, /LoadModule\s+rewrite_module/i))) return
  const rules = rulesOf(run)
  const at = imagePlace(run)
  if (rules === null || at === null) return
  const isGuarded = /<IfModule\s+(?:mod_rewrite|rewrite_module)/i.test(rules.source.text)
  yield {
    at,
    message: isGuarded
      ? `\`${run.reference}\` does not load mod_rewrite, so the rules of \`.htaccess\` do not hold: every page but the first is 404`
      : `\`${run.reference}\` does not load mod_rewrite, so every request is 500: Invalid command 'RewriteEngine'`,
    label: 'without mod_rewrite',
    related: [{ at: rules, message: 'needs it' }],
    help: 'Write `RUN a2enmod rewrite` in the Dockerfile',
  }
}

/** Those of which a file that Apache reads has a directive, outside of every section that asks for a module. */
function* modulesMissing(run: RunImage): Iterable<RuleFinding> {
  const at = imagePlace(run)
  const steps = buildSteps(run)
  const enabled = enabledModules(steps)
  if (at === null || enabled === null) return
  const files = filesInside(run.mounts, run.files)
  const read = [...sitesOf(files, steps), ...htaccessOf(files)]
  const texts = read.map(({ code }) => code).join('\n')
  const seen = new Set<string>()
  for (const source of read)
    for (const { name, directive } of unguarded(source)) {
      const id = name.replace(/_module$/, '')
      // Whoever rewrites in a `.htaccess` is told by the name of the file.
      if (seen.has(id) || enabled(id) || new RegExp(`LoadModule\\s+${name}\\b`, 'i').test(texts)) continue
      seen.add(id)
      const isHtaccess = source.path.endsWith('/.htaccess')
      if (id === 'rewrite' && isHtaccess) continue
      yield {
        at,
        aspect: id,
        message: `\`${run.reference}\` does not load mod_${id}, so ${isHtaccess ? 'every request is 500' : 'Apache does not start'}: Invalid command '${placeText(directive)}'`,
        label: `without mod_${id}`,
        related: [{ at: directive, message: 'needs it' }],
        help: `Write \`RUN a2enmod ${id}\` in the Dockerfile`,
      }
    }
}

/** The first line of a `.htaccess` of the document root that rewrites. */
function rulesOf({ mounts, files }: RunImage): Place | null {
  for (const { path, target } of mounts) {
    if (path === null || !/^\/var\/www\/html(?:\/|$)/.test(target) || files.kind(path) !== 'directory')
      continue
    for (const directory of ['', 'public', 'web', 'webroot', 'www']) {
      const source = sourceAt(files, posix.join(path, directory, '.htaccess'))
      const line = source === null ? null : /^[ \t]*(RewriteRule)\b/im.exec(source.code)
      if (source === null || line === null) continue
      const start = line.index + line[0].length - line[1]!.length
      return { source, start, end: start + line[1]!.length }
    }
  }
  return null
}

function* rootUnread(run: RunImage): Iterable<RuleFinding> {
  const { image, machine, mounts } = run
  const variables = [...(machine.container?.service.environment ?? []), ...(image?.environment ?? [])]
  const variable = variables.find(({ name }) => name === 'APACHE_DOCUMENT_ROOT')
  if (variable?.value?.known !== true) return
  if (/^\/var\/www\/html\/?$/.test(variable.value.value)) return
  if (/APACHE_DOCUMENT_ROOT|DocumentRoot|\$\{?\w*ROOT/.test(buildSteps(run).join('\n'))) return
  // A virtual host of one's own says where its files are.
  if (mounts.some(({ target }) => /^\/etc\/apache2\//.test(target))) return
  yield {
    at: variable.at,
    message: `nothing in \`${run.reference}\` reads \`APACHE_DOCUMENT_ROOT\`: the document root stays \`/var/www/html\``,
    label: 'read by nobody',
    help: 'Fill it into the files of Apache: `RUN sed -ri -e "s!/var/www/html!${APACHE_DOCUMENT_ROOT}!g" /etc/apache2/sites-available/*.conf`',
  }
}

function brings({ files }: RunImage, path: string | null, target: string, pattern: RegExp): boolean {
  if (!/^\/etc\/apache2\//.test(target)) return false
  if (path === null || files.kind(path) === 'directory') return true
  return pattern.test(sourceAt(files, path)?.text ?? 'LoadModule rewrite_module')
}

/** The line that names the image. */
function imagePlace({ image, machine: { container } }: RunImage): Place | null {
  return image?.stage.at ?? container?.service.image?.at ?? null
}
