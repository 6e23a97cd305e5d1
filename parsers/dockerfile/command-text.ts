import type { DockerCommand } from './dockerfile.ts'

/** A command as a shell would be given it: its script, or its words with one space between them. */
export function commandText(command: DockerCommand): string {
  return command.form === 'shell' ? command.script.text : command.words.map(({ text }) => text).join(' ')
}

/** The same without what only makes scripts executable: a step that names a script there does not run it. */
export function stepText(command: DockerCommand): string {
  return withoutModes(commandText(command))
}

/** `chmod +x /entrypoint.sh`, and what rewrites the line ends of a script. */
const MODES =
  /(?<=^|&&|\|\||[;\n])[ \t]*(?:chmod|dos2unix|sed[ \t]+-i[ \t]+(["'])s\/\\r\$?\/\/g?\1)(?:[ \t\\\n]+(?:-\w+|[ugoa]*[+=][rwxX]+|[0-7]{3,4}))*(?:[ \t\\\n]+["']?[\w./@*$~{}-]*?(?:\.sh|entrypoint)["']?)+[ \t]*(?=$|&&|\|\||[;\n])/g

export function withoutModes(text: string): string {
  return text.includes('.sh') || text.includes('entrypoint') ? text.replace(MODES, ' true ') : text
}
