/** @returns the address of a page of this project's documents, for texts that people read on GitHub */
export function documentUrl(page: 'reviewing' | 'ladder'): string {
  return `https://github.com/autoresearch-action/autoresearch-action/blob/main/docs/${page}.md`
}
