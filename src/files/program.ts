/** The servers whose configuration an audit finds by itself. */
export type Program = 'nginx' | 'apache'

export const PROGRAMS: readonly Program[] = ['nginx', 'apache']
