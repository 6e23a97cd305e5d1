import { stepText } from '../../parsers/dockerfile/command-text.ts'
import type { Dockerfile, DockerRun, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { placeIn } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isConditional } from './_conditional.ts'
import { webBuiltFrom } from './_examples.ts'
import { baseOf, builtFiles, chainOf } from './_stages.ts'

export default defineRule({
  summary: 'A build compiles an extension of PHP, and its source or the library that it needs is not there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`docker-php-ext-install` compiles what PHP’s own source holds, against the headers of libraries that the image does not have: without the `-dev` package `configure` ends (`Package requirements … were not met`, `Cannot find libpq-fe.h`), and the build with it. Extensions of PECL are not in that source, nor those that PHP has dropped: `/usr/src/php/ext/redis does not exist`.',
  remedy:
    'Install the `-dev` package in front of it, and extensions of PECL by `pecl install` and `docker-php-ext-enable`',
  references: [
    'https://github.com/docker-library/docs/blob/master/php/README.md#how-to-install-more-php-extensions',
    'https://www.php.net/manual/en/install.pecl.php',
  ],
  unproven: 'The live tests build no images, and reach no mirrors',
  bad: [
    {
      title: 'zip without libzip',
      files: webBuiltFrom('php:8.3-fpm', 'RUN docker-php-ext-install pdo_mysql «zip»'),
    },
    {
      title: 'another library than that of the extension',
      files: webBuiltFrom(
        'php:8.2-apache',
        conf`
          RUN apt-get update && apt-get install -y libzip-dev libonig-dev unzip \
              && docker-php-ext-install -j$(nproc) zip \
                 «intl»
        `,
      ),
    },
    { title: 'Alpine', files: webBuiltFrom('php:8.3-fpm-alpine', 'RUN docker-php-ext-install «pdo_pgsql»') },
    {
      title: 'an extension of PECL',
      files: webBuiltFrom('php:8.3-fpm', 'RUN docker-php-ext-install pdo_mysql «redis»'),
    },
    {
      title: 'one that PHP has dropped',
      files: webBuiltFrom('php:7.4-fpm', 'RUN docker-php-ext-install «mcrypt»'),
    },
  ],
  good: [
    {
      title: 'with the library, in an earlier stage of it, or one that brings it',
      files: webBuiltFrom(
        'php:8.3-fpm AS base',
        conf`
          RUN apt-get update && apt-get install -y libzip-dev libfreetype6-dev
          FROM base
          RUN docker-php-ext-install zip gd
        `,
      ),
    },
    {
      title: 'a package that may bring others',
      files: webBuiltFrom(
        'php:8.3-fpm',
        'RUN apt-get update && apt-get install -y libvips-dev && docker-php-ext-install gd intl',
      ),
    },
    {
      title: 'packages that a variable names, and a script of somebody else',
      files: webBuiltFrom(
        'php:8.3-fpm-alpine',
        conf`
          ARG DEPS
          RUN apk add $DEPS && docker-php-ext-install zip
        `,
      ),
    },
    {
      title: 'the source of an extension brought there',
      files: webBuiltFrom(
        'php:8.3-fpm',
        conf`
          RUN curl -L https://example.org/redis.tgz | tar xz -C /usr/src/php/ext \
              && docker-php-ext-install redis
        `,
      ),
    },
    {
      title: 'what needs no library, and a release that has its own',
      files: webBuiltFrom('php:7.2-fpm', 'RUN docker-php-ext-install pdo_mysql mysqli bcmath zip mbstring'),
    },
    {
      title: 'what is meant for another release, and what may fail',
      files: webBuiltFrom(
        'php:8.3-fpm',
        conf`
          RUN if [ "$PHP_MAJOR_VERSION" -lt 8 ]; then \
                docker-php-ext-install xmlrpc \
              ; fi
          RUN [ "$PHP_MAJOR_VERSION" -ge 8 ] || docker-php-ext-install mcrypt
          RUN case "$PHP_VERSION" in 7.*) docker-php-ext-install wddx ;; esac
          RUN docker-php-ext-install zip || true
        `,
      ),
    },
    {
      title: 'an image on that of PHP',
      files: webBuiltFrom('example/php:8.3-fpm', 'RUN docker-php-ext-install zip'),
    },
  ],
  *check(deployment) {
    for (const { dockerfile } of builtFiles(deployment))
      for (const stage of dockerfile.stages) yield* refusedIn(dockerfile, stage)
  },
})

function* refusedIn(dockerfile: Dockerfile, stage: DockerStage): Iterable<RuleFinding> {
  const base = baseOf(dockerfile, stage)
  const [, major, minor] = /^php(?::(?:(\d+)(?:\.(\d+))?)?[\w.-]*)?(?:@\S+)?$/.exec(base ?? '') ?? []
  if (base === null || !/^php(?:[:@]|$)/.test(base)) return
  // A tag without a number is of the newest.
  const version = major === undefined ? 8.3 : Number(`${major}.${minor ?? '0'}`)
  const isAlpine = base.includes('alpine')
  const chain = chainOf(dockerfile, stage)
  // Headers and sources may be copied, and what a variable names may be any package.
  if (chain.some(({ copies }) => copies.some(copy => mayBringHeaders(copy)))) return
  const above = chain.slice(1).flatMap(({ runs }) => runs.map(({ command }) => stepText(command)))
  for (const run of stage.runs) {
    const texts = [
      ...above,
      ...stage.runs.filter(({ at }) => at.start <= run.at.start).map(({ command }) => stepText(command)),
    ].join('\n')
    if (OTHER_WAYS.test(texts)) return
    const has = packagesOf(texts)
    for (const { name, at } of extensionsIn(run)) {
      const isGone = dropped(name, version)
      if (isGone && !texts.includes('/usr/src/php')) {
        yield {
          at,
          message: `PHP’s source has no \`${name}\`, so the build ends: /usr/src/php/ext/${name} does not exist`,
          label: 'not in the source of PHP',
          help: `Write \`RUN pecl install ${name} && docker-php-ext-enable ${name}\``,
        }
        return
      }
      const needed = LIBRARIES.get(name)
      if (needed === undefined || version < needed.since || has === null) continue
      const [package_] = isAlpine ? needed.alpine : needed.debian
      if (package_ === undefined || (isAlpine ? needed.alpine : needed.debian).some(each => has.has(each)))
        continue
      const said = needed.said(minor === undefined && major !== '5' ? NEWEST : version)
      yield {
        at,
        message: `\`${name}\` is compiled against a library whose headers \`${base}\` does not have, so the build ends${said === null ? '' : `: ${said}`}`,
        label: `needs \`${package_}\``,
        help: isAlpine
          ? `Write \`apk add --no-cache ${package_}\` in front of it`
          : `Write \`apt-get update && apt-get install -y ${package_}\` in front of it`,
      }
      return
    }
  }
}

function mayBringHeaders({ from, target }: DockerStage['copies'][number]): boolean {
  if (!target.known) return from !== null
  return from === null
    ? target.value.startsWith('/usr/src/php')
    : /^\/(?:usr(?:\/(?:local|include|lib|src).*)?|lib)?\/?$/.test(target.value)
}

/** Scripts and programs that install what no line names. */
const OTHER_WAYS =
  /install-php-extensions|\.sh\b|\bxargs\b|\bansible|\bmake\b[^\n]*install|build-dep|apt-get[^\n;&|]*\$|apk[^\n;&|]*\$(?!\{?PHPIZE_DEPS)|\bnix\b|equivs|aptitude|dpkg -i/

interface Extension {
  readonly name: string
  readonly at: RuleFinding['at']
}

function extensionsIn(run: DockerRun): readonly Extension[] {
  if (run.command.form === 'exec' || run.documents.length > 0) return []
  const { script } = run.command
  return [...script.text.matchAll(/\bdocker-php-ext-install\b((?:\\\n|[^;&|\n])*)/g)].flatMap(call => {
    const [, words = ''] = call
    if (isConditional(script.text, call.index)) return []
    const from = call.index + 'docker-php-ext-install'.length
    return [...words.matchAll(/(?<![\w$({-])[a-z][a-z0-9_]*(?![\w)}-])/g)].map(word => ({
      name: word[0],
      at: placeIn(script, from + word.index, from + word.index + word[0].length),
    }))
  })
}

const NEWEST = 8.5

/** Since 7.4 most libraries are looked for by pkg-config. */
const asked =
  (name: string): Library['said'] =>
  version =>
    version < 7.4 ? null : `Package requirements (${name}) were not met`

/** Others have words of their own, until 8.4. */
const ownWords =
  (text: string): Library['said'] =>
  version =>
    version < 8.4 ? text : null

const NO_LIBPQ = ownWords('Cannot find libpq-fe.h. Please specify correct PostgreSQL installation path')

interface Library {
  /** The first release of PHP that needs it. */
  readonly since: number
  /** What `configure` of a release says; null where it says other things. */
  readonly said: (version: number) => string | null
  /** Packages that bring it; the first is the one to install. */
  readonly debian: readonly string[]
  readonly alpine: readonly string[]
}

const library = (
  said: Library['said'],
  debian: readonly string[],
  alpine: readonly string[],
  since = 5,
): Library => ({
  since,
  said,
  debian,
  alpine,
})

const LIBRARIES: ReadonlyMap<string, Library> = new Map([
  ['zip', library(asked('libzip …'), ['libzip-dev'], ['libzip-dev'], 7.3)],
  ['intl', library(asked('icu-uc …'), ['libicu-dev'], ['icu-dev'])],
  ['gd', library(() => null, ['libpng-dev', 'libpng12-dev'], ['libpng-dev'])],
  ['pdo_pgsql', library(NO_LIBPQ, ['libpq-dev'], ['libpq-dev', 'postgresql-dev'])],
  ['pgsql', library(NO_LIBPQ, ['libpq-dev'], ['libpq-dev', 'postgresql-dev'])],
  ['bz2', library(ownWords('Please reinstall the BZip2 distribution'), ['libbz2-dev'], ['bzip2-dev'])],
  ['gmp', library(ownWords('Unable to locate gmp.h'), ['libgmp-dev'], ['gmp-dev'])],
  ['xsl', library(asked('libxslt >= 1.1.0'), ['libxslt1-dev', 'libxslt-dev'], ['libxslt-dev'])],
  ['soap', library(asked('libxml-2.0 …'), ['libxml2-dev'], ['libxml2-dev'])],
  ['tidy', library(ownWords('Cannot find libtidy'), ['libtidy-dev'], ['tidyhtml-dev'])],
  ['mbstring', library(asked('oniguruma'), ['libonig-dev'], ['oniguruma-dev'], 7.4)],
])

/** What packages of headers bring besides themselves, as Debian and Alpine have it; of others nobody knows. */
const BRINGS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['libzip-dev', ['bzip2-dev']],
  ['libfreetype6-dev', ['libpng-dev']],
  ['libfreetype-dev', ['libpng-dev']],
  ['freetype-dev', ['libpng-dev', 'bzip2-dev']],
  ['libxslt1-dev', ['libxml2-dev', 'libicu-dev']],
  ['libxslt-dev', ['libxml2-dev', 'libicu-dev']],
  ['libxml2-dev', ['libicu-dev']],
  ['postgresql-dev', ['icu-dev', 'libxml2-dev']],
  ...[
    ...['libicu-dev', 'libpng-dev', 'libjpeg-dev', 'libjpeg62-turbo-dev', 'libwebp-dev', 'libpq-dev'],
    ...['libbz2-dev', 'libgmp-dev', 'libldap2-dev', 'libtidy-dev', 'libonig-dev', 'zlib1g-dev', 'libssl-dev'],
    ...['libcurl4-openssl-dev', 'default-libmysqlclient-dev', 'libmariadb-dev', 'libmcrypt-dev'],
    ...['icu-dev', 'libjpeg-turbo-dev', 'oniguruma-dev', 'gmp-dev', 'openldap-dev', 'zlib-dev', 'bzip2-dev'],
    ...['libc-dev', 'libc6-dev', 'dpkg-dev', 'libsodium-dev', 'libmemcached-dev'],
  ].map((name): readonly [string, readonly string[]] => [name, []]),
])

/** Packages of headers that some step names, and those that they bring; null where one may bring any. */
function packagesOf(texts: string): ReadonlySet<string> | null {
  const has = new Set<string>()
  for (const [name] of texts.matchAll(/(?<![\w.-])[a-z0-9][a-z0-9.+-]*-dev(?:el)?\b(?![\w-])/g)) {
    const others = BRINGS.get(name)
    if (others === undefined) return null
    for (const each of [name, ...others]) has.add(each)
  }
  return has
}

/** Extensions of PECL alone, and those that PHP's source has no more. */
function dropped(name: string, version: number): boolean {
  const until = DROPPED.get(name)
  return until !== undefined && version >= until
}

const DROPPED: ReadonlyMap<string, number> = new Map([
  ...[
    'redis',
    'imagick',
    'xdebug',
    'apcu',
    'memcached',
    'memcache',
    'mongodb',
    'swoole',
    'igbinary',
    'msgpack',
  ].map(name => [name, 5] as const),
  ['mysql', 7],
  ['mssql', 7],
  ['ereg', 7],
  ['mcrypt', 7.2],
  ['wddx', 7.4],
  ['recode', 7.4],
  ['xmlrpc', 8],
  ['imap', 8.4],
  ['pspell', 8.4],
])
