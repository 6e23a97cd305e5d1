import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Dockerfile, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { type Fact, known } from '../../parsers/text/fact.ts'
import { placeIn } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isConditional } from './_conditional.ts'
import { composeWith, siteTo } from './_examples.ts'
import { allServices } from './_compose-projects.ts'
import { baseOf, builtFiles, chainOf } from './_stages.ts'

const image = (lines: string, from = 'python:3.12-slim'): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM ${from}
    WORKDIR /app
    ${lines}
  `,
})
const running = (from: string, user: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace('image: nginx:1.27', `image: ${from}\n    user: ${user}`),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'A container is to run as an account that its image does not have',
  severity: 'error',
  otherSeverities: { warning: 'where files are to be of that account, which are then of `root`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker looks an account up in the `/etc/passwd` of the image, and makes none. What no step has made is not there: the container, and each step below `USER`, ends with `unable to find user shop: no matching entries in passwd file`, and `chown` ends the build. `COPY --chown` gives the files to `root`, or ends a build without BuildKit. Alpine has no `www-data`, and Debian no `nginx`.',
  remedy:
    'Make the account in a step above (`RUN useradd shop`, on Alpine `RUN adduser -D shop`), or write its number',
  references: [
    'https://docs.docker.com/reference/dockerfile/#user',
    'https://docs.docker.com/reference/dockerfile/#copy---chown---chmod',
  ],
  unproven: 'The live tests start no containers: which accounts an image has, no loopback shows',
  bad: [
    { title: 'an account that nothing makes', files: image('COPY . .\nUSER «shop»') },
    { title: 'files of one', files: image('COPY --chown=«shop»:shop . .\nUSER 1000') },
    {
      title: 'one that comes too late',
      files: image('COPY --chown=«shop» . .\nRUN useradd shop\nUSER shop'),
    },
    {
      title: 'the account of Debian on Alpine',
      files: image('COPY . .\nUSER «www-data»', 'python:3.12-alpine'),
    },
    {
      title: 'the account of another system',
      files: image(
        'RUN apt-get update && apt-get install -y apache2 && chmod +x start.sh\nRUN chown -R «apache»:apache /srv',
        'debian:12',
      ),
    },
    { title: 'in a compose file', files: running('nginx:1.27', '«www»') },
  ],
  good: [
    {
      title: 'one that a step makes',
      files: image('RUN groupadd web && useradd -g web shop\nCOPY --chown=shop . .\nUSER shop'),
    },
    {
      title: 'one of a stage below',
      files: image('RUN adduser --system shop\nFROM base AS last\nUSER shop', 'python:3.12-slim AS base'),
    },
    {
      title: 'what the step has made, and a step that goes on',
      files: image(
        'RUN useradd shop && chown -R shop:shop /app\nRUN chown web /app || true\nRUN chown $OWNER /app',
      ),
    },
    {
      title: 'a step for another system',
      files: image('RUN if [ -f /etc/redhat-release ]; then chown -R apache /app; fi'),
    },
    { title: 'files of one, where all runs as root', files: image('COPY --chown=shop:shop . .') },
    { title: 'a number', files: image('COPY --chown=1000:1000 . .\nUSER 1000') },
    { title: 'accounts of Debian', files: image('COPY --chown=www-data . .\nUSER nobody:nogroup') },
    { title: 'the account of Node.js', files: image('COPY . .\nUSER node', 'node:22-alpine') },
    { title: 'the account of a package', files: image('RUN apk add nginx\nUSER nginx', 'alpine:3.20') },
    { title: 'what a script may make', files: image('COPY setup.sh .\nRUN ./setup.sh\nUSER shop') },
    { title: 'accounts that are copied', files: image('COPY passwd /etc/passwd\nUSER shop') },
    { title: 'an image of somebody else', files: image('USER shop', 'example.org/base:1') },
    { title: 'the account of an image', files: running('nginx:1.27', 'nginx') },
  ],
  *check(deployment) {
    for (const { dockerfile } of builtFiles(deployment))
      for (const stage of dockerfile.stages) yield* missingIn(dockerfile, stage)
    for (const service of allServices(deployment)) {
      const { build, user, image: written, volumes, complete } = service
      if (build !== null || user?.known !== true || written?.known !== true || !complete) continue
      const base = written.value.replace(/^(?:docker\.io\/)?(?:library\/)?/, '')
      // A mount may bring accounts.
      if (volumes.some(({ target }) => !target.known || /^\/(?:etc(?:\/passwd)?\/?)?$/.test(target.value)))
        continue
      const finding = missing(user, base, 'the container')
      if (finding !== null) yield finding
    }
  },
})

function* missingIn(dockerfile: Dockerfile, stage: DockerStage): Iterable<RuleFinding> {
  const base = baseOf(dockerfile, stage)
  if (base === null) return
  const chain = chainOf(dockerfile, stage)
  const isCopied = chain.some(({ copies }) =>
    copies.some(({ target }) => !target.known || /^\/(?:etc(?:\/.*)?)?$/.test(target.value)),
  )
  if (isCopied) return
  const former = chain.slice(1).flatMap(({ runs }) => runs)
  const makes = (account: string, before: number): boolean =>
    [...former, ...stage.runs.filter(({ at }) => at.start < before)].some(run =>
      mayMake([commandText(run.command), ...run.documents.map(({ text }) => text.text)].join('\n'), account),
    )
  for (const { account } of stage.users) {
    if (!account.known || makes(account.value.replace(/:.*$/, ''), Number.MAX_SAFE_INTEGER)) continue
    const finding = missing(account, base, 'each step below, and the container')
    if (finding !== null) yield finding
  }
  for (const run of stage.runs) {
    if (run.command.form === 'exec' || run.documents.length > 0) continue
    const { script } = run.command
    const above = [...former, ...stage.runs.filter(({ at }) => at.start < run.at.start)].map(each =>
      commandText(each.command),
    )
    for (const match of script.text.matchAll(CHOWN)) {
      const [whole, lead = '', account = ''] = match
      const texts = [...above, script.text.slice(0, match.index)].map(text => text.replace(OWNERS, ''))
      if (texts.some(text => mayMake(text, account)) || isConditional(script.text, match.index)) continue
      const start = match.index + lead.length
      const user = known(account, placeIn(script, start, start + account.length))
      const said = base.includes('alpine') ? 'chown: unknown user' : 'chown: invalid user'
      const finding = whole === '' ? null : missing(user, base, 'the build', said)
      if (finding !== null) yield finding
    }
  }
  // Where the container runs as root, files of root's do no harm.
  if (!stage.users.some(({ account }) => account.known && !/^(?:root|0)(?::|$)/.test(account.value))) return
  for (const { at, owner } of stage.copies) {
    if (owner?.known !== true || makes(owner.value.replace(/:.*$/, ''), at.start)) continue
    const finding = missing(owner, base)
    if (finding !== null) yield finding
  }
}

const CHOWN = /(\bchown[ \t]+(?:-\w+[ \t]+)*)([a-z_][\w-]*)(?=:?[\w-]*[ \t])/g
const OWNERS = /\bchown\b[^;&|\n]*/g

/** A script, or packages that bring accounts, may make any; what names it may make it. */
function mayMake(written: string, account: string): boolean {
  // Debian's `apache2` brings no account `apache`, as Alpine's does.
  const step = written
    .replace(/\bapt(?:-get)?\b[^;&|\n]*/g, text => text.replaceAll('apache2', ''))
    .replace(/\b(?:chmod|dos2unix)\b[^;&|\n]*/g, '')
  return (
    step.toLowerCase().includes(account.toLowerCase()) ||
    /\.sh\b|passwd|newusers|(?:user|group)(?:add|mod)\b[^;&|\n]*[$`]|adduser\b[^;&|\n]*[$`]|ansible|puppet|chef|(?:^|[;&|(\n])\s*(?:\.{1,2}\/|bash|sh\s|make\b|\/(?!(?:usr\/)?s?bin\/))|curl[^\n]*\|/.test(
      step,
    )
  )
}

const OF_DEBIAN =
  'root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody _apt systemd-network systemd-timesync messagebus'
const OF_ALPINE =
  'root bin daemon adm lp sync shutdown halt mail news uucp operator man postmaster cron ftp sshd at squid xfs games postgres cyrus vpopmail ntp smmsp guest nobody'
const KNOWN =
  /^(debian|ubuntu|alpine|python|node|nginx|php|ruby|golang|httpd)(?::(?!\S*(?:windows|nanoserver|servercore|onbuild))([\w.-]+))?(?:@\S+)?$/
const OWN: Readonly<Record<string, readonly string[]>> = {
  node: ['node'],
  nginx: ['nginx'],
  php: ['www-data'],
  httpd: ['www-data'],
  ubuntu: ['ubuntu'],
}

/** @param ends what ends for it; where it is absent the files are of root's */
function missing(
  user: Fact<string>,
  base: string,
  ends?: string,
  said = 'no matching entries in passwd file',
): RuleFinding | null {
  if (!user.known || user.at === null) return null
  const account = user.value.replace(/:.*$/, '')
  const [, name = '', tag = ''] = KNOWN.exec(base) ?? []
  if (name === '' || !/^[a-z_][\w-]*$/i.test(account)) return null
  const isAlpine = name === 'alpine' || tag.includes('alpine')
  const accounts = [...(isAlpine ? OF_ALPINE : OF_DEBIAN).split(' '), ...(OWN[name] ?? [])]
  if (accounts.includes(account)) return null
  const { source, start } = user.at
  const isPlain = source.code.startsWith(account, start)
  return {
    at: isPlain ? { source, start, end: start + account.length } : user.at,
    ...(ends === undefined && { severity: 'warning' as const }),
    message: `\`${base}\` has no account \`${account}\`, and no step above makes it, so ${ends === undefined ? 'the files are of `root`' : `${ends} ends: ${said}`}`,
    label: 'no such account',
    help: isAlpine
      ? `Write \`RUN adduser -D ${account}\` above`
      : `Write \`RUN useradd --create-home ${account}\` above`,
  }
}
