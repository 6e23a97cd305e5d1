import { each, inJson, ofDockerfiles } from './dockerfile-instructions.ts'
import type { Lay } from './files.ts'

/** A stage before each that is of an image alone. */
const stageBefore = ofDockerfiles(all => {
  const froms = all.filter(({ name }) => name === 'FROM')
  if (froms.some(({ rest }) => /^--/.test(rest))) return null
  return all.map(({ name, rest, text }) => {
    if (name !== 'FROM') return text
    const [image, as, own] = rest.split(/\s+/)
    const stage = `base${froms.findIndex(each => each.text === text)}`
    return `FROM ${image} AS ${stage}\n\nFROM ${stage}${as === undefined ? '' : ` AS ${own}`}`
  })
})

const fromArgument = ofDockerfiles(all => {
  const first = all.findIndex(({ name }) => name === 'FROM')
  const [, image, release, rest] = /^([\w./-]+):([\w.-]+)(.*)$/.exec(all[first]?.rest ?? '') ?? []
  if (image === undefined) return null
  return all.flatMap(({ text }, index) =>
    index === first ? [`ARG VERSION=${release}`, `FROM ${image}:\${VERSION}${rest}`] : [text],
  )
})

const envOld = each('ENV', ({ rest }) => {
  const [, name, value] = /^(\w+)=([^\s"'\\$]+)$/.exec(rest) ?? []
  return name === undefined ? null : `ENV ${name} ${value}`
})

const envJoined = ofDockerfiles(all => {
  const joined: string[] = []
  let isOpen = false
  for (const { name, rest, text } of all) {
    const isPlain = name === 'ENV' && /^\w+=/.test(rest) && !rest.includes('$')
    const last = joined.at(-1)
    if (isPlain && isOpen && last !== undefined) joined[joined.length - 1] = `${last} \\\n    ${rest}`
    else joined.push(isPlain ? `ENV ${rest}` : text)
    isOpen = isPlain
  }
  return joined
})

/** By a name that an argument of the build has before. */
const envOfArgument = each('ENV', ({ rest }, all) => {
  const [, name, value] = /^(\w+)=([^\s"'\\$]+)$/.exec(rest) ?? []
  if (name === undefined || all.some(each => each.name === 'ARG' && each.rest.startsWith(name))) return null
  return `ARG ${name}=${value}\nENV ${name}=\${${name}}`
})

const runJoined = ofDockerfiles(all => {
  const joined: string[] = []
  let isOpen = false
  for (const { name, rest, text } of all) {
    const isPlain = name === 'RUN' && !/^(?:\[|--)|\|\||;|#|\b(?:cd|set|export|pushd|if|for)\b/.test(rest)
    const last = joined.at(-1)
    if (isPlain && isOpen && last !== undefined) joined[joined.length - 1] = `${last} \\\n && ${rest}`
    else joined.push(isPlain ? `RUN ${rest}` : text)
    isOpen = isPlain
  }
  return joined
})

const runHere = each('RUN', ({ rest }) =>
  /^(?:\[|--)|\\|["'].* && /.test(rest)
    ? null
    : `RUN <<EOF\nset -e\n${rest.split(/\s+&&\s+/).join('\n')}\nEOF`,
)

const runBroken = each('RUN', ({ rest }) =>
  /^\[|\|\||['"]/.test(rest) || !rest.includes(' && ')
    ? null
    : `RUN set -eux; \\\n    ${rest.split(/\s+&&\s+/).join('; \\\n    ')}`,
)

const cached = each('RUN', ({ rest }) =>
  rest.startsWith('[') || rest.startsWith('--')
    ? null
    : `RUN --mount=type=cache,target=/var/cache/build ${rest}`,
)

const syntaxLine = ofDockerfiles(all =>
  all[0]?.text.startsWith('#') === true
    ? null
    : ['# syntax=docker/dockerfile:1', ...all.map(({ text }) => text)],
)

const copyOwned = each('COPY', ({ rest }) =>
  rest.includes('--chown') ? null : `COPY --chown=root:root ${rest}`,
)

const copyAdded = each('COPY', ({ rest }) =>
  /--|\.(?:t?gz|tar|xz|bz2)\b|\[|https?:|\*/.test(rest) ? null : `ADD ${rest}`,
)

const copyList = each('COPY', ({ rest }) => (/^\[|"|'|\\/.test(rest) ? null : `COPY ${optionsAndList(rest)}`))

function optionsAndList(rest: string): string {
  const words = rest.split(/\s+/)
  const options = words.filter(word => word.startsWith('--'))
  return [...options, inJson(words.filter(word => !word.startsWith('--')))].join(' ')
}

const workdirRelative = each('WORKDIR', ({ rest }) => {
  const [, above, below] = /^(\/[\w./-]+)\/([\w.-]+)\/?$/.exec(rest) ?? []
  return above === undefined ? null : `WORKDIR ${above}\nWORKDIR ${below}`
})

const workdirVariable = each('WORKDIR', ({ rest }, all) =>
  /^\/[\w./-]+$/.test(rest) && all.filter(({ name }) => name === 'WORKDIR').length === 1
    ? `ENV APP_HOME=${rest}\nWORKDIR $APP_HOME`
    : null,
)

const lowerCase = ofDockerfiles(all =>
  all.map(({ name, text }) =>
    name === null ? text : text.replace(/^[ \t]*\w+/, word => word.toLowerCase()),
  ),
)

/** The file in a directory of its own, with the context above it. */
const dockerfileInDirectory: Lay = files => {
  const path = Object.keys(files).find(each => /(?:^|\/)compose[^/]*\.ya?ml$|docker-compose\.yml$/.test(each))
  if (path === undefined || path.includes('/')) return null
  let laid: Record<string, string> = { ...files }
  const compose = (files[path] ?? '').replace(
    /^([ \t]+)build:[ \t]*(\.?[\w./-]*)[ \t]*$/gm,
    (whole, indent: string, context: string) => {
      const directory = context.replace(/^\.\/?/, '').replace(/\/$/, '')
      const own = directory === '' ? '' : `${directory}/`
      const { [`${own}Dockerfile`]: text, ...rest } = laid
      if (text === undefined) return whole
      laid = { ...rest, [`${own}docker/Dockerfile`]: text }
      return `${indent}build:\n${indent}  context: ${context}\n${indent}  dockerfile: docker/Dockerfile`
    },
  )
  return compose === files[path] ? null : { ...laid, [path]: compose }
}

/** The steps of an image, written otherwise. */
export const dockerfileSteps: Readonly<Record<string, Lay>> = {
  stageBefore,
  fromArgument,
  envOld,
  envJoined,
  envOfArgument,
  runJoined,
  runHere,
  runBroken,
  cached,
  syntaxLine,
  copyOwned,
  copyAdded,
  copyList,
  workdirRelative,
  workdirVariable,
  lowerCase,
  dockerfileInDirectory,
}
