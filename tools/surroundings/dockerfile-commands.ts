import { isDockerfile, quoted } from './compose-values.ts'
import {
  type Instruction,
  each,
  execForm,
  has,
  inJson,
  instructionsOf,
  ofDockerfiles,
} from './dockerfile-instructions.ts'
import type { Files, Lay } from './files.ts'

/** The words of a text that no shell has to read; null where one has to. */
function plainWords(rest: string): readonly string[] | null {
  return rest === '' ||
    rest.startsWith('[') ||
    /[$|&;<>()*?"'\\`~#{}=]/.test(rest.replace(/ --?[\w-]+=/g, ' '))
    ? null
    : rest.split(/\s+/)
}

function isOverridden(files: Files): boolean {
  return Object.entries(files).some(
    ([path, text]) => /compose[^/]*\.ya?ml$/.test(path) && /^\s*(?:command|entrypoint)\s*:/m.test(text),
  )
}

/** Only what has no entry point takes a shell: else its words are of that. */
const cmdText = each('CMD', ({ rest }, all) => {
  const words = execForm(rest)
  return words === null ||
    words.length === 0 ||
    has(all, 'ENTRYPOINT') ||
    words.some(word => !/^[\w@%+=:,./-]+$/.test(word))
    ? null
    : `CMD ${words.map(quoted).join(' ')}`
})

const cmdExec = each('CMD', ({ rest }) => {
  const words = plainWords(rest)
  return words === null ? null : `CMD ${inJson(words)}`
})

const cmdShell = each('CMD', ({ rest }, all) => {
  const words = execForm(rest)
  if (has(all, 'ENTRYPOINT') || has(all, 'SHELL') || words?.length === 0 || rest.includes('\\')) return null
  if (words !== null && /^(?:\/bin\/)?(?:ba)?sh$/.test(words[0] ?? '')) return null
  return `CMD ${inJson(['sh', '-c', words === null ? rest : words.map(quoted).join(' ')])}`
})

const cmdChained = each('CMD', ({ rest }, all) => {
  const words = execForm(rest)
  if (has(all, 'ENTRYPOINT') || has(all, 'SHELL') || words?.length === 0) return null
  if (words?.some(word => !/^[\w@%+=:,./-]+$/.test(word))) return null
  return `CMD sleep 1 && ${words === null ? rest : words.map(quoted).join(' ')}`
})

/** The program as the entry point, its arguments as the command. */
const cmdSplit = each('CMD', ({ rest }, all, files) => {
  const words = execForm(rest)
  if (words === null || words.length < 2 || has(all, 'ENTRYPOINT') || isOverridden(files)) return null
  return `ENTRYPOINT ${inJson(words.slice(0, 1))}\nCMD ${inJson(words.slice(1))}`
})

const entrypointAlone = each('CMD', ({ rest }, all, files) =>
  has(all, 'ENTRYPOINT') || isOverridden(files) ? null : `ENTRYPOINT ${rest}`,
)

const entrypointAsCmd = each('ENTRYPOINT', ({ rest }, all, files) =>
  has(all, 'CMD') || isOverridden(files) ? null : `CMD ${rest}`,
)

/** A script that ends in the command of the container. */
const entryScript: Lay = withScript((rest, all) => {
  if (has(all, 'ENTRYPOINT')) return null
  return { text: '#!/bin/sh\nset -e\n\nexec "$@"\n', end: `ENTRYPOINT ["/entrypoint.sh"]\nCMD ${rest}` }
}, 'entrypoint.sh')

/** A script in place of the command. */
const startScript: Lay = withScript((rest, all) => {
  const words = execForm(rest)
  if (has(all, 'ENTRYPOINT') || has(all, 'SHELL') || words?.length === 0) return null
  const command = words === null ? rest : words.map(quoted).join(' ')
  if (words === null && /[|&;()]/.test(rest)) return null
  return {
    text: `#!/bin/sh\nset -e\n\necho "Starting"\n${/^exec /.test(command) ? '' : 'exec '}${command}\n`,
    end: 'CMD ["/start.sh"]',
  }
}, 'start.sh')

function withScript(
  change: (
    rest: string,
    all: readonly Instruction[],
  ) => { readonly text: string; readonly end: string } | null,
  name: string,
): Lay {
  return files => {
    const dockerfiles = Object.keys(files).filter(isDockerfile)
    const [path] = dockerfiles
    const all = path === undefined ? null : instructionsOf(files[path] ?? '')
    if (path === undefined || all === null || dockerfiles.length > 1) return null
    const directory = path.slice(0, path.lastIndexOf('/') + 1)
    const last = all.findLast(instruction => instruction.name === 'CMD')
    const user = all.findLastIndex(instruction => instruction.name === 'USER')
    if (last === undefined || user !== -1 || files[directory + name] !== undefined) return null
    if (all.filter(instruction => instruction.name === 'CMD').length > 1) return null
    const context = contextOf(files, path)
    const changed = context === null ? null : change(last.rest, all)
    if (changed === null || context === null) return null
    const text = all
      .map(instruction =>
        instruction === last
          ? `COPY ${name} /${name}\nRUN chmod +x /${name}\n${changed.end}`
          : instruction.text,
      )
      .join('\n')
    return { ...files, [path]: `${text}\n`, [context + name]: changed.text }
  }
}

/** The command of an official image, as the last stage names it again. */
const OFFICIAL: readonly (readonly [image: RegExp, command: string])[] = [
  [/^php:\S*fpm/, '["php-fpm"]'],
  [/^php:\S*apache/, '["apache2-foreground"]'],
  [/^nginx(?::|$)/, '["nginx", "-g", "daemon off;"]'],
  [/^httpd(?::|$)/, '["httpd-foreground"]'],
]

function officialCommand(all: readonly Instruction[]): string | null {
  const from = all.findLastIndex(({ name }) => name === 'FROM')
  const isLeft = all.slice(from).some(({ name }) => name === 'CMD' || name === 'ENTRYPOINT')
  const image = all[from]?.rest.split(/\s+/)[0] ?? ''
  return isLeft ? null : (OFFICIAL.find(([each]) => each.test(image))?.[1] ?? null)
}

const commandAgain = ofDockerfiles((all, files) => {
  const command = isOverridden(files) ? null : officialCommand(all)
  return command === null ? null : [...all.map(({ text }) => text), `CMD ${command}`]
})

/** A script before it, which ends in the command. */
const officialScript: Lay = files => {
  const [path, ...others] = Object.keys(files).filter(each => isDockerfile(each))
  const all = path === undefined ? null : instructionsOf(files[path] ?? '')
  const command = all === null || isOverridden(files) ? null : officialCommand(all)
  const context = path === undefined ? null : contextOf(files, path)
  if (path === undefined || all === null || command === null || context === null || others.length > 0)
    return null
  if (files[`${context}entrypoint.sh`] !== undefined || has(all, 'USER')) return null
  const steps = [
    'COPY entrypoint.sh /usr/local/bin/entrypoint.sh',
    'RUN chmod +x /usr/local/bin/entrypoint.sh',
    'ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]',
    `CMD ${command}`,
  ]
  return {
    ...files,
    [path]: `${[...all.map(({ text }) => text), ...steps].join('\n')}\n`,
    [`${context}entrypoint.sh`]: '#!/bin/sh\nset -e\n\necho "Starting"\n\nexec "$@"\n',
  }
}

/** The directory that the image is built from, with its slash; null where something else says it. */
function contextOf(files: Files, path: string): string | null {
  const own = path.slice(0, path.lastIndexOf('/') + 1)
  const composes = Object.entries(files).filter(([each]) => /compose[^/]*\.ya?ml$/.test(each))
  if (composes.length === 0) return own
  if (
    composes.some(
      ([each, text]) => each.includes('/') || /^\s*(?:dockerfile|additional_contexts)\s*:/m.test(text),
    )
  )
    return null
  const contexts = new Set(
    composes.flatMap(([, text]) =>
      [...text.matchAll(/(?:\bbuild|\bcontext)\s*:\s*["']?([\w./-]+)/g)].map(([, context = '']) =>
        context.replace(/^\.\/?/, '').replace(/\/$/, ''),
      ),
    ),
  )
  return contexts.has(own.replace(/\/$/, '')) ? own : null
}

/** The port of the command in a variable. */
const portVariable = each('CMD', ({ rest }, all) => {
  if (has(all, 'ENTRYPOINT') || has(all, 'SHELL')) return null
  const [, port] = /(?:0\.0\.0\.0:|--port[= ]|:)(\d{4,5})\b/.exec(rest) ?? []
  const words = execForm(rest)
  if (port === undefined || words?.some(word => !/^[\w@%+=:,./-]+$/.test(word))) return null
  const command = words === null ? rest : words.map(quoted).join(' ')
  return `ENV APP_PORT=${port}\nCMD ${command.replace(new RegExp(`(?<=[:= ])${port}\\b`), '$APP_PORT')}`
})

/** What an image starts, written otherwise. */
export const dockerfileCommands: Readonly<Record<string, Lay>> = {
  cmdText,
  cmdExec,
  cmdShell,
  cmdChained,
  cmdSplit,
  entrypointAlone,
  entrypointAsCmd,
  entryScript,
  startScript,
  commandAgain,
  officialScript,
  portVariable,
}
