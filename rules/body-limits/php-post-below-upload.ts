import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, PhpFpmProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { modPhpSetting } from '../../src/deployment/mod-php.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type ApacheDirective, loadsPhp } from '../../src/servers/apache/configuration.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type Fact, known } from '../../src/servers/fact.ts'
import { apacheMain } from '../_examples.ts'
import { phpPool, phpSite } from '../php/_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { limitsInFragments } from './_uploads-in-fragments.ts'
import { readPhpSettings } from '../../parsers/php/php-settings.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { placeIn, placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { modPhpIniSources } from '../../src/deployment/build/programs/php-fpm.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', 'client_max_body_size 100m;'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines),
})

const withApache = (lines: string, image = 'wordpress:6-apache'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      blog:
        image: ${image}
        ports: ["80:80"]
        volumes:
          - ./php/uploads.ini:/usr/local/etc/php/conf.d/uploads.ini
  `,
  'php/uploads.ini': lines,
})

const apache = (line: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(conf`
    LoadModule php_module modules/libphp.so
    Listen 80
    DocumentRoot /srv/www
    <Directory /srv/www>
        AllowOverride All
        Require all granted
    </Directory>
    ${line}
  `),
  'srv/www/index.php': '<?php echo 1;',
})

const ofCommands = (lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      php:
        build: .
        ports: ["80:80"]
  `,
  Dockerfile: conf`
    FROM php:8.3-apache
    ${lines}
    COPY src/ .
  `,
  'src/index.php': '<?php echo 1;',
})

const container = (lines: string, dockerfile = 'FROM php:8.3-fpm'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
      php:
        build: ./php
        volumes:
          - ./uploads.ini:/usr/local/etc/php/conf.d/uploads.ini
  `,
  'php/Dockerfile': conf`
    ${dockerfile}
  `,
  'uploads.ini': conf`
    ${lines}
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html;
        client_max_body_size 64m;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass php:9000;
        }
    }
  `,
})

export default defineRule({
  summary: 'PHP drops bodies that hold an upload it would take',
  severity: 'warning',
  otherSeverities: {
    info: 'for lines of Apache that leave the default, where its `php.ini` is not seen',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A file is sent in a body, which is a little larger. Above `post_max_size` PHP throws the whole body away, `$_POST` and `$_FILES` are empty, and the form fails without a word: `upload_max_filesize` above it is never reached.',
  remedy: 'Give `post_max_size` a little more than `upload_max_filesize`',
  references: ['https://www.php.net/manual/en/ini.core.php#ini.post-max-size'],
  ofLoneHtaccess: true,
  bad: [
    {
      title: 'one raised in the container of PHP',
      files: container('upload_max_filesize = «64M»'),
    },
    {
      title: 'a file that is mounted into a container with Apache',
      files: withApache(conf`
        upload_max_filesize = «64M»
        post_max_size = 32M
      `),
    },
    {
      title: 'one of them, in an image that sets no other',
      files: withApache('upload_max_filesize = «64M»'),
    },
    {
      title: 'one raised in a .htaccess',
      files: {
        ...apache(''),
        'srv/www/.htaccess': 'php_value upload_max_filesize «64M»\n',
        'etc/php/8.2/apache2/php.ini': conf`
          [PHP]
          post_max_size = 8M
        `,
      },
    },
    {
      title: 'one raised for the PHP of Apache',
      files: apache('php_admin_value upload_max_filesize «64M»'),
    },
    {
      title: 'a file of Apache alone',
      files: {
        'uploads.conf': conf`
          php_value upload_max_filesize «64M»
          php_value post_max_size 32M
        `,
      },
    },
    {
      title: 'a file of Apache alone, with one of the two',
      files: {
        'uploads.conf': conf`
          <Directory /srv/www>
              php_value upload_max_filesize «64M»
          </Directory>
        `,
      },
    },
    {
      title: 'half of it raised',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = «8M»
      `),
    },
    {
      title: 'the default of the one',
      files: tree('php_admin_value[upload_max_filesize] = «64M»'),
    },
    {
      title: 'commands of an image',
      files: ofCommands(conf`
        RUN echo "upload_max_filesize = «128M»" > "$PHP_INI_DIR/conf.d/uploads.ini" \
         && echo "memory_limit = 256M" >> "$PHP_INI_DIR/conf.d/uploads.ini"
      `),
    },
  ],
  good: [
    {
      title: 'a file of Apache alone, with enough of it, or with one that another section may have',
      files: {
        'uploads.conf': conf`
          php_value upload_max_filesize 64M
          php_value post_max_size 72M
        `,
        'more.conf': conf`
          <Directory /srv/www>
              php_value upload_max_filesize 64M
          </Directory>
          <Directory /srv>
              php_value post_max_size 72M
          </Directory>
          <Directory /srv/small>
              php_value upload_max_filesize 8M
          </Directory>
        `,
      },
    },
    {
      title: 'commands that write both',
      files: ofCommands(conf`
        RUN printf 'upload_max_filesize = 128M\npost_max_size = 130M\n' > /usr/local/etc/php/conf.d/uploads.ini
      `),
    },
    {
      title: 'one that exchanges the number of php.ini',
      files: ofCommands(conf`
        RUN sed -i -e 's/upload_max_filesize = 2M/upload_max_filesize = 6M/' "$PHP_INI_DIR/php.ini"
      `),
    },
    {
      title: 'a larger body in a container with Apache',
      files: withApache(conf`
        upload_max_filesize = 64M
        post_max_size = 72M
      `),
    },
    {
      title: 'one of them in a container with Apache, whose image may set the other',
      files: withApache('upload_max_filesize = 64M', 'joomla:5-php8.3-apache'),
    },
    {
      title: 'both raised',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = 70M
      `),
    },
    {
      title: 'no limit of bodies',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = 0
      `),
    },
    {
      title: 'a container of PHP whose build writes settings',
      files: container(
        'upload_max_filesize = 64M',
        conf`
          FROM php:8.3-fpm
          RUN echo 'post_max_size=70M' > /usr/local/etc/php/conf.d/post.ini
        `,
      ),
    },
    { title: 'neither raised', files: tree('') },
    {
      title: 'both raised, one in a .htaccess and the other in Apache',
      files: {
        ...apache('php_value post_max_size 70M'),
        'srv/www/.htaccess': 'php_value upload_max_filesize 64M\n',
      },
    },
    {
      title: 'both raised, each in a .htaccess',
      files: {
        ...apache(''),
        'srv/www/.htaccess': 'php_value post_max_size 70M\n',
        'srv/www/shop/.htaccess': 'php_value upload_max_filesize 64M\n',
      },
    },
  ],
  *check(deployment) {
    yield* inApache(deployment)
    yield* inFragments(deployment)
    yield* inContainers(deployment)
    yield* inCommands(deployment)
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      const upload = program.phpSetting('upload_max_filesize')
      const post = program.phpSetting('post_max_size')
      const file = upload === null ? null : bytesOf(upload)
      const body = post === null ? DEFAULT_POST : bytesOf(post)
      if (upload === null || file === null || body === null || body === 0 || file <= body) continue
      // Another file of PHP may raise what this pool leaves at its default.
      if (post === null && !program.settingsKnown && !ownSetting(program)) continue
      const at = post?.at ?? upload.at
      if (at === null) continue
      yield {
        at,
        message: `PHP throws bodies above ${post?.known === true ? post.value : '8M, its default,'} away, and is to take files of ${upload.known ? upload.value : ''}`,
        label: post === null ? 'more than post_max_size' : 'less than upload_max_filesize',
        related: post === null || upload.at === null ? [] : [{ at: upload.at, message: 'the largest file' }],
      }
    }
  },
})

/** What lines of Apache set for its own PHP: in the server's files, and in a `.htaccess` for what lies below it. */
function* inApache(deployment: Deployment) {
  for (const { configuration, host } of hostsHolding(deployment, ['php_value', 'php_admin_value'])) {
    const directive = host?.directive ?? null
    const ofServer = (name: string): Fact<string> | null =>
      modPhpSetting(deployment, { configuration, directive }, name)
    if (!loadsPhp(configuration)) continue
    const upload = ofServer('upload_max_filesize')
    if (upload?.at?.source.path.endsWith('.ini') === false) yield* tooSmall(upload, ofServer('post_max_size'))
    const files = htaccessFilesOf(configuration, deployment.filesOf(configuration), host)
    for (const { file, directory } of files) {
      const own = valueIn(file.children, 'upload_max_filesize')
      if (own === null) continue
      const around = files
        .filter(each => directory.startsWith(each.directory))
        .map(each => valueIn(each.file.children, 'post_max_size'))
        .findLast(each => each !== null)
      yield* tooSmall(own, around ?? ofServer('post_max_size'))
    }
  }
}

/** What files of Apache say for a PHP that is loaded elsewhere. */
function* inFragments(deployment: Deployment) {
  for (const { upload, post } of limitsInFragments(deployment))
    for (const finding of tooSmall(upload, post))
      yield {
        ...finding,
        ...(post === null && {
          severity: 'info' as const,
          message: `PHP throws bodies above 8M away, where its \`php.ini\` does not raise \`post_max_size\`, and is to take files of ${upload.known ? upload.value : ''}`,
        }),
      }
}

/** What files say that are mounted or copied into a container of PHP with Apache. */
function* inContainers({ machines }: Deployment) {
  for (const { container, programs } of machines) {
    if (container === null || programs.some(({ kind }) => kind === 'php-fpm')) continue
    const settings = readPhpSettings(modPhpIniSources(container.files))
    const [upload, post] = ['upload_max_filesize', 'post_max_size'].map(name => {
      const written = settings.get(name)
      return written === undefined || isUnknownWord(written.text)
        ? null
        : { ...known(written.text), at: placeOf(written) }
    })
    // What nobody writes here the image may have in a file of its own.
    if (upload != null && (post != null || (!settings.has('post_max_size') && hasNoLimitOfBodies(container))))
      yield* tooSmall(upload, post ?? null)
  }
}

/** What commands write for an image of PHP: `RUN echo "upload_max_filesize = 128M" > …/conf.d/uploads.ini`. */
function* inCommands({ machines }: Deployment) {
  for (const { container } of machines) {
    if (container === null || !OF_PHP.test(container.base ?? '')) continue
    const steps = container.image?.steps ?? []
    const commands = steps.flatMap(step =>
      'command' in step && step.command.form === 'shell' ? [step.command.script] : [],
    )
    const [upload, post] = ['upload_max_filesize', 'post_max_size'].map(name => lastSet(commands, name))
    if (upload == null) continue
    // A value that is no number, and files that are brought besides.
    if (post === null && commands.some(({ text }) => text.includes('post_max_size'))) continue
    if (steps.some(step => 'sources' in step && mayBringSettings(step.target))) continue
    const settings = readPhpSettings(modPhpIniSources(container.files))
    if (['upload_max_filesize', 'post_max_size'].some(name => settings.has(name))) continue
    yield* tooSmall(upload, post ?? null)
  }
}

/** The value that the last line gives a setting which commands write, or exchange with `sed`. */
function lastSet(commands: readonly WrittenText[], name: string): Fact<string> | null {
  const pattern = new RegExp(String.raw`(?:^|[^\w;]|\\n)${name}[ \t]*=[ \t]*(\d+[kmg]?)\b`, 'gi')
  const [last] = commands
    .flatMap(script => [...script.text.matchAll(pattern)].map(match => ({ script, match })))
    .slice(-1)
  if (last === undefined) return null
  const { script, match } = last
  const end = match.index + match[0].length
  return known(match[1]!, placeIn(script, end - match[1]!.length, end))
}

function mayBringSettings(target: Fact<string>): boolean {
  return !target.known || /(?:^|\/)php(?:\/|$)|\.ini$/.test(target.value) || target.value === '/'
}

const OF_PHP = /^(?:docker\.io\/)?(?:library\/)?(?:php|wordpress)$/

/** True for the images of PHP and WordPress, which set none, and for what is built on them without a file for PHP. */
function hasNoLimitOfBodies({ base, image }: Container): boolean {
  if (!OF_PHP.test(base ?? '')) return false
  return (
    image?.steps.every(step =>
      'sources' in step
        ? !mayBringSettings(step.target)
        : !/\.ini\b|conf\.d|post_max_size/.test(commandText(step.command)),
    ) ?? true
  )
}

function valueIn(lines: readonly ApacheDirective[], name: string): Fact<string> | null {
  const line = lines.findLast(each => /^php_value$/i.test(each.name) && each.args[0]?.value === name)
  const value = line?.args[1]?.value
  return line === undefined || value === undefined ? null : known(value, argumentPlace(line, 1))
}

function* tooSmall(upload: Fact<string>, post: Fact<string> | null) {
  const file = bytesOf(upload)
  const body = post === null ? DEFAULT_POST : bytesOf(post)
  if (file === null || body === null || body === 0 || file <= body || upload.at === null) return
  yield {
    at: upload.at,
    message: `PHP throws bodies above ${post?.known === true ? post.value : '8M, its default,'} away, and is to take files of ${upload.known ? upload.value : ''}`,
    label: 'more than post_max_size',
    related: post === null || post.at === null ? [] : [{ at: post.at, message: 'the largest body' }],
  }
}

const DEFAULT_POST = 8 * 1024 ** 2

function ownSetting({ pool }: PhpFpmProgram): boolean {
  return pool.phpSettings.has('upload_max_filesize')
}

function bytesOf(fact: Fact<string>): number | null {
  const match = fact.known ? /^\s*(\d{1,12})\s*([kmg]?)\s*$/i.exec(fact.value) : null
  if (match === null) return null
  return Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase())
}
