/** What is written on the pictures of shared/media/text, read off them by eye. */
export const truth: Readonly<Record<string, readonly string[]>> = {
  "imageTextN.png": [
    "technical details are too complex to cover in the book itself.",
    "In teaching our courses, we have found it useful for the students to attempt a number of",
    "small implementation projects, which often build on one another, in order to get them used to",
    "working with real-world images and the challenges that these present. The students are then",
    "asked to choose an individual topic for each of their small-group, final projects. (Sometimes",
    "these projects even turn into conference papers!) The exercises at the end of each chapter",
    "contain numerous suggestions for smaller mid-term projects, as well as more open-ended",
    "problems whose solutions are still active research topics. Wherever possible, I encourage",
    "students to try their algorithms on their own personal photographs, since this better motivates",
    "them, often leads to creative variants on the problems, and better acquaints them with the",
    "variety and complexity of real-world imagery.",
    "In formulating and solving computer vision problems, I have often found it useful to draw",
    "inspiration from three high-level approaches:",
  ],
  "page.png": [
    "Region-based segmentation",
    "Let us first determine markers of the coins and the",
    "background. These markers are pixels that we can label",
    "unambiguously as either object or background. Here,",
    "the markers are found at the two extreme parts of the",
    "histogram of grey values:",
    ">>> markers = np.zeros_like(coins)",
  ],
  "scenetext01.jpg": ["NOTICE", "DOUBLE", "PARKING", "PROHIBITED", "AT ALL TIMES"],
  "scenetext02.jpg": ["Sports Centre", "Wivenhoe Park", "Conference Centre", "Car Parks"],
  "scenetext03.jpg": ["the", "copy centre"],
  "scenetext04.jpg": ["GM 125", "Gmmco"],
  "scenetext05.jpg": ["NO PARKING", "NO PARKING"],
  "scenetext06.jpg": ["PRIORY", "GALLERIES", "AT", "THE SHIP", "PRIORY GALLERIES AT THE SHIP"],
};

/** Edits (insert, delete, replace a character) from a to b. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
