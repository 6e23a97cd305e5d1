/** What somebody says that the files are which they name. */
export const READ_AS = ['nginx', 'nginx-location', 'apache', 'htaccess'] as const
export type ReadAs = (typeof READ_AS)[number]
