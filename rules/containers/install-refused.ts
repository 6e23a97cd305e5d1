import { commandText, stepText, withoutModes } from '../../parsers/dockerfile/command-text.ts'
import type { Dockerfile, DockerRun, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeIn } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isConditional } from './_conditional.ts'
import { webBuiltFrom } from './_examples.ts'
import { archivedAt, isDebian, isLastArchived, isWhole, keepsPipOut } from './_package-managers.ts'
import { baseOf, builtFiles, chainOf } from './_stages.ts'

export default defineRule({
  summary: 'A build installs packages, and what installs them refuses',
  severity: 'error',
  otherSeverities: {
    warning: 'where the packages of an old release are elsewhere by now',
    info: 'where it is the last release that went there',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of Debian have no lists of packages: `apt-get install` without `apt-get update` in front of it, or behind a step that removed the lists, answers `Unable to locate package`. Nobody answers its question either, so without `-y` it aborts. Below `USER` the account may not write what is root’s: `Permission denied`. Since Debian 12 `pip` leaves the Python of the system alone: `externally-managed-environment`. Releases that get no more updates are taken off the mirrors.',
  remedy:
    'Write `RUN apt-get update && apt-get install -y …` in one line and above `USER`, give `pip` a virtual environment, and take a release that is still kept',
  references: [
    'https://docs.docker.com/build/building/best-practices/#apt-get',
    'https://docs.docker.com/reference/dockerfile/#user',
    'https://peps.python.org/pep-0668/',
    'https://www.debian.org/distrib/archive',
  ],
  unproven: 'The live tests build no images, and reach no mirrors',
  bad: [
    { title: 'no lists of packages', files: webBuiltFrom('debian:12', 'RUN «apt-get install» -y nginx') },
    {
      title: 'lists that an earlier step removed',
      files: webBuiltFrom(
        'python:3.12-slim',
        conf`
          RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
          RUN «apt-get install» -y --no-install-recommends gettext
        `,
      ),
    },
    {
      title: 'a question that nobody answers',
      files: webBuiltFrom('ubuntu:24.04', 'RUN apt-get update && «apt-get install» nginx'),
    },
    {
      title: 'as an account that is not root',
      files: webBuiltFrom(
        'python:3.12-slim',
        conf`
          RUN useradd shop
          USER shop
          RUN «apt-get update» && apt-get install -y libpq5
        `,
      ),
    },
    {
      title: 'on Alpine as an account',
      files: webBuiltFrom('node:22-alpine', 'USER node\nRUN «apk add» --no-cache git'),
    },
    {
      title: 'the Python of Debian',
      files: webBuiltFrom(
        'debian:bookworm',
        conf`
          RUN apt-get update && apt-get install -y python3-pip
          RUN «pip3 install» gunicorn
        `,
      ),
    },
    {
      title: 'a release that is in the archive',
      files: webBuiltFrom('python:3.6-stretch', 'RUN «apt-get update» && apt-get install -y gettext'),
    },
    {
      title: 'the last release that went there',
      files: webBuiltFrom('python:3.7-buster', 'RUN «apt-get update» && apt-get install -y gettext'),
    },
    {
      title: 'two commands in one',
      files: webBuiltFrom(
        'python:3.12-slim',
        conf`
          RUN «apt-get update» \\
              apt-get install -y libpq5
        `,
      ),
    },
    { title: 'CentOS', files: webBuiltFrom('centos:7', 'RUN «yum install» -y httpd') },
  ],
  good: [
    {
      title: 'a release that is still kept',
      files: webBuiltFrom('ubuntu:26.10', 'RUN apt-get update && apt-get install -y nginx'),
    },
    {
      title: 'packages that are there already, without their lists',
      files: webBuiltFrom(
        'ubuntu:22.04',
        conf`
          RUN apt-get update && apt-get install -y gpg nginx && rm -rf /var/lib/apt/lists/*
          RUN apt-get install -y ca-certificates gpg
        `,
      ),
    },
    {
      title: 'packages that are there already, without an answer',
      files: webBuiltFrom(
        'debian:12',
        conf`
          RUN apt-get update && apt-get install -y nodejs
          RUN apt-get install nodejs
        `,
      ),
    },
    {
      title: 'as it is to be',
      files: webBuiltFrom(
        'debian:12',
        conf`
          RUN apt-get update \\
              && apt-get -qq install nginx \\
              && apt-get install --quiet --quiet nginx \\
              && apt-get -q install -q nginx \\
              && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends gettext
          RUN apt-get install -y python3-venv && python3 -m venv /opt/venv
          RUN apt-get install python3-venv --yes && rm -rf /var/lib/apt/lists/*
          RUN pip3 install gunicorn
        `,
      ),
    },
    {
      title: 'an account that may become root',
      files: webBuiltFrom('debian:12', 'USER shop\nRUN sudo apt-get update\nUSER root\nRUN apt-get update'),
    },
    {
      title: 'another place for the packages of an old release',
      files: webBuiltFrom(
        'debian:buster',
        conf`
          RUN sed -i s/deb.debian.org/archive.debian.org/ /etc/apt/sources.list
          RUN apt-get update && apt-get install -y nginx
        `,
      ),
    },
    {
      title: 'a script that may have brought the lists',
      files: webBuiltFrom(
        'debian:12',
        'RUN curl -fsSL https://deb.nodesource.com/setup_22.x | bash -\nRUN apt-get install -y nodejs',
      ),
    },
    {
      title: 'an option that brings the lists first',
      files: webBuiltFrom('ubuntu:24.04', 'RUN apt-get install -qqUy nginx\nRUN apt-get install -y curl'),
    },
    {
      title: 'a package that is a file, one that is there, and lists that are kept elsewhere',
      files: webBuiltFrom(
        'python:3.12',
        conf`
          RUN apt-get install -y ./shop.deb
          RUN apt-get install -y curl
          RUN --mount=type=cache,target=/var/lib/apt apt-get install -y nginx
        `,
      ),
    },
    {
      title: 'a Python of its own, and a pip that is told',
      files: webBuiltFrom(
        'node:22-bookworm',
        conf`
          ARG PIP_BREAK_SYSTEM_PACKAGES=1
          RUN apt-get update && apt-get install -y python3-pip
          RUN pip3 install gunicorn
        `,
      ),
    },
    {
      title: 'what runs in some cases alone, and what may fail',
      files: webBuiltFrom(
        'debian:12',
        conf`
          ARG DEBUG
          RUN if [ -n "$DEBUG" ]; then apt-get install -y vim; fi
          RUN [ -z "$DEBUG" ] || apt-get install -y strace
          RUN apt-get install nginx || true
        `,
      ),
    },
    {
      title: 'an image of somebody else',
      files: webBuiltFrom('example.org/base:1', 'RUN apt-get install nginx'),
    },
  ],
  *check(deployment) {
    for (const { dockerfile } of builtFiles(deployment))
      for (const stage of dockerfile.stages) {
        const base = baseOf(dockerfile, stage)
        if (base !== null) yield* refusedIn(dockerfile, stage, base)
      }
  },
})

/** A call of a package manager in a step. */
interface Call {
  readonly run: DockerRun
  readonly program: 'apt' | 'apk' | 'yum' | 'pip' | 'npm'
  readonly does: 'update' | 'install'
  /** Program and verb. */
  readonly at: Place
  /** Of the command, in their order. */
  readonly words: readonly string[]
  /** What stands in the step in front of it. */
  readonly before: string
}

const CALL =
  /(?<=^|[;&|(\n]|\bthen|\bdo)([ \t\\\n]*(?:\w+=\S*[ \t]+)*)((apt-get|apt|aptitude|apk|yum|dnf|microdnf|pip3?|npm)\b((?:[ \t]+-{1,2}[\w:=.-]+)*)[ \t]+(update|install|add|upgrade|dist-upgrade|makecache|i)\b)([^;&|\n)]*)/g

function callsOf(run: DockerRun): readonly Call[] {
  if (run.command.form === 'exec' || run.documents.length > 0) return []
  const { script } = run.command
  return [...script.text.matchAll(CALL)].flatMap(match => {
    const [, lead = '', head = '', name = '', flags = '', verb = '', rest = ''] = match
    const start = match.index + lead.length
    if (isConditional(script.text, start)) return []
    return {
      run,
      program: name.startsWith('apt')
        ? 'apt'
        : name === 'apk' || name === 'npm'
          ? name
          : name.startsWith('pip')
            ? 'pip'
            : 'yum',
      does: verb === 'update' || verb === 'makecache' ? 'update' : 'install',
      at: placeIn(script, start, start + head.length),
      words: `${flags} ${rest}`.split(/[\s\\]+/).filter(word => word !== ''),
      before: script.text.slice(0, match.index),
    }
  })
}

/** What may bring lists of packages, or put another program or place in the way. */
const ELSEWHERE =
  /curl|wget|\.sh\b|\bADD\b|dpkg|sources|apt\.conf|\bsudo\b|\/etc\/apt|\bsh\s|bash\b|\bmake\b|ansible/

function* refusedIn(dockerfile: Dockerfile, stage: DockerStage, base: string): Iterable<RuleFinding> {
  const chain = [...chainOf(dockerfile, stage)].reverse()
  const former = chain.slice(0, -1).flatMap(({ runs }) => runs.map(({ command }) => commandText(command)))
  const environment = chain.flatMap(each => [...each.environment, ...each.args])
  let told: ReadonlySet<string> = new Set()
  for (const run of stage.runs) {
    const above = [
      ...former,
      ...stage.runs.filter(({ at }) => at.start < run.at.start).map(({ command }) => commandText(command)),
    ]
    for (const call of callsOf(run)) {
      const fault =
        runsTogether(call) ??
        rootMissing(call, stage, chain) ??
        archived(call, base, [...above, call.before]) ??
        listsMissing(call, base, above) ??
        unanswered(call, base, above) ??
        pipKeptOut(
          call,
          base,
          above,
          environment.map(({ name }) => name),
        )
      // The first of a kind ends the build.
      if (fault === null || told.has(fault.kind)) continue
      told = new Set([...told, fault.kind])
      const { kind: _, ...finding } = fault
      yield { at: call.at, ...finding }
    }
  }
}

type Fault = Omit<RuleFinding, 'at'> & { readonly kind: string }

/** A second command in the words of the first one. */
function runsTogether({ program, does, words }: Call): Fault | null {
  if (program !== 'apt' || does !== 'update') return null
  const next = words.findIndex(word => /^(?:apt-get|apt|aptitude)$/.test(word))
  if (
    next === -1 ||
    !/^(?:install|upgrade|update|dist-upgrade|clean|autoremove|-y\w*)$/.test(words[next + 1] ?? '')
  )
    return null
  return {
    kind: 'together',
    message: `the second \`${words[next]}\` is a word of this command: The update command takes no arguments`,
    label: 'nothing ends this command',
    help: 'Write `&&` between them',
  }
}

function rootMissing(
  { program, run, words }: Call,
  { users }: DockerStage,
  chain: readonly DockerStage[],
): Fault | null {
  if (program === 'pip' || (program === 'npm' && !words.some(word => /^(?:-g|--global)$/.test(word))))
    return null
  const own = users.filter(({ at }) => at.start < run.at.start).at(-1)
  const user =
    own ??
    chain
      .slice(0, -1)
      .findLast(each => each.users.length > 0)
      ?.users.at(-1)
  if (user === undefined || !user.account.known) return null
  const name = user.account.value.replace(/:.*$/, '')
  // npm's own directory may be given to the account.
  if (program === 'npm' && name !== 'node') return null
  if (/^(?:root|0+|Administrator|ContainerAdministrator)?$/i.test(name) || /[^\w.-]/.test(name)) return null
  if (
    program === 'npm' &&
    chain.some(
      each =>
        each.environment.some(({ name: key }) => /NPM_CONFIG|PATH/i.test(key)) ||
        each.runs.some(({ command }) => /prefix|chown|chmod|sudo/.test(commandText(command))),
    )
  )
    return null
  return {
    kind: 'root',
    message: `it runs as \`${name}\`, who may not install: ${program === 'npm' ? 'EACCES: permission denied' : program === 'apt' ? 'Could not open lock file, Permission denied' : 'Permission denied'}`,
    label: 'not root',
    related: [{ at: user.at, message: 'the account of the lines below' }],
    help: 'Move it above `USER`, or write `USER root` in front of it',
  }
}

function archived({ program, run }: Call, base: string, above: readonly string[]): Fault | null {
  const host = archivedAt(base)
  if (host === null || (program !== 'apt' && program !== 'yum')) return null
  if ((program === 'yum') !== (host === 'mirrorlist.centos.org')) return null
  if (
    [...above.map(withoutModes), stepText(run.command)].some(
      text => ELSEWHERE.test(text) || /archive|vault|snapshot|old-releases|\.repo\b|\|\|/.test(text),
    )
  )
    return null
  return {
    kind: 'archived',
    // Of the last one that was taken off, copies stay for a while.
    severity: isLastArchived(base) ? 'info' : 'warning',
    message: `the packages of \`${base}\` are no longer at \`${host}\`: ${program === 'yum' ? 'Could not resolve host' : 'does not have a Release file'}`,
    label: 'taken off the mirrors',
    help: 'Take an image of a release that is still kept',
  }
}

/** Packages of the images themselves, and those that the whole ones have besides. */
const THERE =
  /^(?:ca-certificates|tzdata|bash|apt|coreutils|curl|xz-utils|gettext-base|netbase|libc6|login|sudo)$/
const OF_WHOLE =
  /^(?:git|wget|curl|gcc|g\+\+|make|cmake|build-essential|unzip|zip|xz-utils|bzip2|patch|procps|openssh-client|gnupg|dirmngr|imagemagick|subversion|mercurial|python3?(?:-dev|-minimal)?|libpython3-\S+|autoconf|automake|file|sq|tzdata|netbase|lib\S+|zlib\S*|dpkg-dev|default-lib\S+)$/

function packagesOf({ words }: Call): readonly string[] {
  return words
    .filter(word => /^[a-z0-9][a-z0-9.+-]+(?:=\S+)?$/.test(word))
    .map(word => word.replace(/=.*$/, ''))
}

function isThere(name: string, base: string): boolean {
  return THERE.test(name) || (isWhole(base) && OF_WHOLE.test(name))
}

/** `apt-get install -U`, since apt 2.7, brings the lists first. */
const UPDATES_ITSELF = /\b(?:apt-get|apt)\s[^;&|]*\s(?:--update\b|-[A-Za-z]*U)/

function listsMissing(call: Call, base: string, above: readonly string[]): Fault | null {
  const { program, does, run, words, before } = call
  if (program !== 'apt' || does !== 'install' || !isDebian(base)) return null
  if (words.some(word => word.includes('/') || /^\*/.test(word))) return null
  if ([...above, before, ` apt-get install ${words.join(' ')}`].some(text => UPDATES_ITSELF.test(text)))
    return null
  if (/--mount/.test(run.at.source.code.slice(run.at.start, call.at.start))) return null
  const absent = packagesOf(call).filter(name => !isThere(name, base))
  if (absent.length === 0) return null
  const texts = [...above, before]
  if (texts.some(text => ELSEWHERE.test(text.replace(/(?:apt-get|apt)\s[^;&|\n]*/g, '')))) return null
  const all = texts.join('\n')
  const update = all.search(
    /\b(?:apt-get|apt|aptitude)\b[^;&|\n]*\bupdate\b(?![\s\S]*\b(?:apt-get|apt|aptitude)\b[^;&|\n]*\bupdate\b)/,
  )
  const isRemoved =
    update !== -1 && /rm\s[^;&|\n]*\/var\/lib\/apt\/lists(?:\/\*)?(?=["'\s]|$)/.test(all.slice(update))
  if (update !== -1 && !isRemoved) return null
  // What is installed already is known without a list.
  const installed = new Set(all.match(/[a-z0-9][a-z0-9.+-]+/g))
  const missing = absent.find(name => !installed.has(name))
  if (missing === undefined) return null
  return {
    kind: 'lists',
    message: `${isRemoved ? 'an earlier line removed the lists of packages' : 'the image has no lists of packages'}: Unable to locate package ${missing}`,
    label: 'no lists',
    help: 'Write `apt-get update &&` in front of it',
  }
}

/** Packages that bring others with them, whatever of the images of Debian's is there. */
const WITH_OTHERS =
  /^(?:nginx(?:-full|-extras|-light)?|apache2|supervisor|vim|certbot|postgresql(?:-client)?(?:-\d+)?|mysql-server|mariadb-(?:server|client)|default-mysql-client|php[\d.]*(?:-\w+)?|nodejs|npm|ffmpeg|default-j(?:dk|re)(?:-headless)?|openjdk-\d+-j(?:dk|re)(?:-headless)?|gdal-bin|texlive\S*|wkhtmltopdf|chromium|libreoffice)$/
const OF_SMALL =
  /^(?:curl|wget|git|build-essential|gcc|g\+\+|python3(?:-pip|-venv|-dev)?|gettext|gnupg2?|libpq-dev|default-libmysqlclient-dev|cron|procps|imagemagick|unzip|openssh-(?:client|server))$/

function unanswered(call: Call, base: string, above: readonly string[]): Fault | null {
  const { program, does, words, before } = call
  if (program !== 'apt' || does !== 'install' || !isDebian(base)) return null
  if (
    words.some(word =>
      /^(?:--(?:yes|assume-yes|quiet=[2-9]|force-yes|(?:just-print|simulate|dry-run|recon|no-act|download-only|print-uris))|-q=[2-9]|-s|-d)$/.test(
        word,
      ),
    )
  )
    return null
  if (words.some(word => /^-[a-zA-Z]*y/.test(word)) || quietness(words) > 1) return null
  if (/yes\s*\|\s*$/.test(before) || words.some(word => /^[$`<]|Assume-Yes/i.test(word))) return null
  if ([...above, before].some(text => /apt\.conf|Assume-Yes|alias/i.test(text))) return null
  // What is there already brings nothing, and apt asks nothing.
  const installed = new Set([...above, before].join('\n').match(/[a-z0-9][a-z0-9.+-]+/g))
  const found = packagesOf(call).find(
    name =>
      !installed.has(name) &&
      (WITH_OTHERS.test(name) || (!isWhole(base) && OF_SMALL.test(name) && !isThere(name, base))),
  )
  if (found === undefined) return null
  return {
    kind: 'question',
    message: `it asks before it installs what \`${found}\` needs, and nobody answers: Do you want to continue? [Y/n] Abort`,
    label: 'no `-y`',
    help: 'Write `apt-get install -y`',
  }
}

/** How often apt is told to be quiet; at the second level it asks nothing. */
function quietness(words: readonly string[]): number {
  return words
    .map(word =>
      word === '--quiet' ? 1 : (/^-[a-zA-Z]+$/.exec(word)?.[0] ?? '').replace(/[^q]/g, '').length,
    )
    .reduce((sum, each) => sum + each, 0)
}

function pipKeptOut(
  { program, does, words, run, before }: Call,
  base: string,
  above: readonly string[],
  names: readonly string[],
): Fault | null {
  if (program !== 'pip' || does !== 'install' || !keepsPipOut(base)) return null
  if (words.some(word => /^(?:--break-system-packages|--target|-t|--prefix|--root|--python|\$.*)/.test(word)))
    return null
  if (names.some(name => /^(?:PIP_|VIRTUAL_ENV|PATH$)/.test(name))) return null
  const texts = [...above, before, commandText(run.command)]
  if (
    texts.some(text =>
      /venv|virtualenv|pipx|conda|pyenv|EXTERNALLY-MANAGED|pip\.conf|pip config|get-pip|PIP_|deadsnakes|make\b|\buv\b/.test(
        text,
      ),
    )
  )
    return null
  // Only where the Python is that of the distribution.
  if (!texts.some(text => /\b(?:python3-pip|py3-pip)\b/.test(text))) return null
  return {
    kind: 'pip',
    message: `the Python of \`${base}\` is the distribution's, and pip leaves it alone: externally-managed-environment`,
    label: 'not pip’s',
    help: 'Make a virtual environment first: `python3 -m venv /opt/venv`',
  }
}
