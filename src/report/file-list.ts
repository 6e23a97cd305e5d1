import type { ListedFile, ReadFileAs } from '../engine/listed-file.ts'
import { printable } from './printable.ts'

const READ: Readonly<Record<ReadFileAs, string>> = {
  'nginx-main': 'main file of nginx',
  nginx: 'nginx',
  'apache-main': 'main file of Apache',
  apache: 'Apache',
  htaccess: '.htaccess',
  other: 'what the servers stand beside',
}

function readAs({ as, text }: Extract<ListedFile, { readonly as: ReadFileAs }>): string {
  return text === undefined ? READ[as] : `${READ[as]} (${text})`
}

/** The list for people: a line for each file, with its machine where there are several. */
export function fileListText(files: readonly ListedFile[]): string {
  const several = new Set(files.map(({ machine }) => machine)).size > 1
  return files
    .map(file => {
      const what = 'as' in file ? readAs(file) : `not read (${file.skipped}): ${file.text}`
      const where = several && 'as' in file ? `, on ${file.machine}` : ''
      return `${printable(`${file.path}: ${what}${where}`)}\n`
    })
    .join('')
}
