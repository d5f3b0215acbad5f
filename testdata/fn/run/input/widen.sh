#!/bin/sh
# A function that loses all comments.
sed -e 's/ *#.*//' -e '/^$/d' -e 's/width: 3/width: 30/' -e 's/width: 5/width: 50/'
